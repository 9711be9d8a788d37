// Turns vendors' documented snippets into the pages of a small shop, each with what its vendor is to get of them.
//
// 1. A snippet is the vendor's own, with the vendor's own URLs: nothing on a page knows of Consentry.
// 2. A script is the file of the vendor's package, served under the URL that it has on the vendor's servers.
// 3. Each page names a person where pages do: in its URL and text, in an event, as the user who is logged in.

/** Who must not be found out. */
export const PERSON = { mail: 'ada.lovelace@example.org', phone: '+49 170 1234567', user: 'customer-ada-4711', ip: '203.0.113.77' };

const { mail, phone, user } = PERSON;
const loader = (url) => `(function (d, s, e, f) { e = d.createElement(s); e.async = true; e.src = '${url}'; f = d.getElementsByTagName(s)[0];
  f.parentNode.insertBefore(e, f); })(document, 'script');`;
const queue = (names) => names.split(' ');

/** A client: the `files` that its vendor serves, other `answers`, the page's `head`, and `gets`: by endpoint, texts in what arrives. */
export const CLIENTS = [
  {
    name: 'plausible',
    files: { 'plausible.io/js/plausible.js': '@plausible-analytics/tracker/plausible.js' },
    head: `<script type="module">
      import { init, track } from 'https://plausible.io/js/plausible.js';
      init({ domain: 'shop.example' });
      track('Order', { props: { phone: '${phone}' } });
    </script>`,
    gets: { 'plausible.io/api/event': ['pageview', 'Order', 'https://shop.example/plausible?utm_source=spring'] },
  },
  {
    name: 'posthog',
    files: { 'us-assets.i.posthog.com/static/array.js': 'posthog-js/dist/array.js' },
    answers: { 'us.i.posthog.com/flags/': { featureFlags: {}, supportedCompression: ['gzip-js'], config: {} } },
    head: `<script>
      !function(t,e){var o,n,p,r;e.__SV||(window.posthog=e,e._i=[],e.init=function(i,s,a){function g(t,e){var o=e.split(".");2==o.length&&(t=t[o[0]],e=o[1]),t[e]=function(){t.push([e].concat(Array.prototype.slice.call(arguments,0)))}}(p=t.createElement("script")).type="text/javascript",p.crossOrigin="anonymous",p.async=!0,p.src=s.api_host.replace(".i.posthog.com","-assets.i.posthog.com")+"/static/array.js",(r=t.getElementsByTagName("script")[0]).parentNode.insertBefore(p,r);var u=e;for(void 0!==a?u=e[a]=[]:a="posthog",u.people=u.people||[],u.toString=function(t){var e="posthog";return"posthog"!==a&&(e+="."+a),t||(e+=" (stub)"),e},u.people.toString=function(){return u.toString(1)+".people (stub)"},o="init capture register register_once unregister getFeatureFlag isFeatureEnabled reloadFeatureFlags identify setPersonProperties group resetGroups reset get_distinct_id alias set_config opt_in_capturing opt_out_capturing debug".split(" "),n=0;n<o.length;n++)g(u,o[n]);e._i.push([i,s,a])},e.__SV=1)}(document,window.posthog||[]);
      posthog.init('phc_shop', { api_host: 'https://us.i.posthog.com', person_profiles: 'identified_only' });
      posthog.identify('${user}', { email: '${mail}', phone: '${phone}' });
      posthog.capture('order', { phone: '${phone}' });
    </script>`,
    gets: { 'us.i.posthog.com/e/': ['$pageview', 'order', 'phc_shop', 'https://shop.example/posthog?utm_source=spring'] },
  },
  {
    name: 'mixpanel',
    files: { 'cdn.mxpnl.com/libs/mixpanel-2-latest.min.js': 'mixpanel-browser/dist/mixpanel.min.js' },
    answers: { 'api-js.mixpanel.com/': 1 },
    head: `<script>
      (function(f,b){if(!b.__SV){var e,g,i,h;window.mixpanel=b;b._i=[];b.init=function(e,f,c){function g(a,d){var b=d.split(".");2==b.length&&(a=a[b[0]],d=b[1]);a[d]=function(){a.push([d].concat(Array.prototype.slice.call(arguments,0)))}}var a=b;"undefined"!==typeof c?a=b[c]=[]:c="mixpanel";a.people=a.people||[];a.toString=function(a){var d="mixpanel";"mixpanel"!==c&&(d+="."+c);a||(d+=" (stub)");return d};a.people.toString=function(){return a.toString(1)+".people (stub)"};i="disable time_event track track_pageview track_links track_forms register register_once alias unregister identify name_tag set_config reset people.set people.set_once people.increment people.append people.union people.track_charge people.clear_charges people.delete_user".split(" ");for(h=0;h<i.length;h++)g(a,i[h]);b._i.push([e,f,c])};b.__SV=1.2;e=f.createElement("script");e.type="text/javascript";e.async=!0;e.src="undefined"!==typeof MIXPANEL_CUSTOM_LIB_URL?MIXPANEL_CUSTOM_LIB_URL:"file:"===f.location.protocol&&"//cdn.mxpnl.com/libs/mixpanel-2-latest.min.js".match(/^\\/\\//)?"https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js":"//cdn.mxpnl.com/libs/mixpanel-2-latest.min.js";g=f.getElementsByTagName("script")[0];g.parentNode.insertBefore(e,g)}})(document,window.mixpanel||[]);
      mixpanel.init('mixshop', { track_pageview: true });
      mixpanel.identify('${user}');
      mixpanel.people.set({ $email: '${mail}', $phone: '${phone}' });
      mixpanel.track('Order', { phone: '${phone}' });
    </script>`,
    gets: {
      'api-js.mixpanel.com/track': ['$mp_web_page_view', 'Order', 'mixshop', 'https://shop.example/mixpanel?utm_source=spring'],
      'api-js.mixpanel.com/engage': ['mixshop'],
    },
  },
  {
    name: 'amplitude',
    files: { 'cdn.amplitude.com/libs/analytics-browser-2.48.1-min.js.gz': '@amplitude/analytics-browser/lib/scripts/amplitude-min.js' },
    answers: { 'api2.amplitude.com/2/httpapi': { code: 200 }, 'sr-client-cfg.amplitude.com/config': { configs: {} } },
    head: `<script src="https://cdn.amplitude.com/libs/analytics-browser-2.48.1-min.js.gz"></script>
    <script>
      window.amplitude.init('ampkey', '${user}', { autocapture: true });
      window.amplitude.track('Order', { phone: '${phone}' });
      window.amplitude.identify(new window.amplitude.Identify().set('email', '${mail}'));
    </script>`,
    gets: { 'api2.amplitude.com/2/httpapi': ['[Amplitude] Page Viewed', 'Order', 'ampkey', 'https://shop.example/amplitude?utm_source=spring'] },
  },
  {
    name: 'segment',
    files: { 'cdn.segment.com/analytics.js/v1/SEGKEY/analytics.min.js': '@segment/analytics-next/dist/umd/standalone.js' },
    answers: {
      'cdn.segment.com/v1/projects/SEGKEY/settings': { integrations: { 'Segment.io': { apiKey: 'SEGKEY' } }, plan: {} },
      'api.segment.io/v1/': { success: true },
    },
    head: `<script>
      !function(){var i="analytics",analytics=window[i]=window[i]||[];if(!analytics.initialize)if(analytics.invoked)window.console&&console.error&&console.error("Segment snippet included twice.");else{analytics.invoked=!0;analytics.methods=${JSON.stringify(queue('trackSubmit trackClick trackLink trackForm pageview identify reset group track ready alias debug page screen once off on addSourceMiddleware addIntegrationMiddleware setAnonymousId addDestinationMiddleware register'))};analytics.factory=function(e){return function(){if(window[i].initialized)return window[i][e].apply(window[i],arguments);var n=Array.prototype.slice.call(arguments);if(["track","screen","alias","group","page","identify"].indexOf(e)>-1){var c=document.querySelector("link[rel='canonical']");n.push({__t:"bpc",c:c&&c.getAttribute("href")||void 0,p:location.pathname,u:location.href,s:location.search,t:document.title,r:document.referrer})}n.unshift(e);analytics.push(n);return analytics}};for(var n=0;n<analytics.methods.length;n++){var key=analytics.methods[n];analytics[key]=analytics.factory(key)}analytics.load=function(key,n){var t=document.createElement("script");t.type="text/javascript";t.async=!0;t.setAttribute("data-global-segment-analytics-key",i);t.src="https://cdn.segment.com/analytics.js/v1/" + key + "/analytics.min.js";var r=document.getElementsByTagName("script")[0];r.parentNode.insertBefore(t,r);analytics._loadOptions=n};analytics._writeKey="SEGKEY";analytics.SNIPPET_VERSION="5.2.1";
      analytics.load("SEGKEY");
      analytics.page();
      analytics.identify('${user}', { email: '${mail}', phone: '${phone}' });
      analytics.track('Order', { phone: '${phone}' });
      }}();
    </script>`,
    gets: {
      'api.segment.io/v1/p': ['page', 'SEGKEY', 'https://shop.example/segment?utm_source=spring'],
      'api.segment.io/v1/i': ['identify'],
      'api.segment.io/v1/t': ['Order'],
    },
  },
  {
    name: 'clarity',
    // What Microsoft serves as the tag is made for each project: it loads clarity.js, and tells it where to send.
    files: { 'scripts.clarity.ms/0.8.70/clarity.js': 'clarity-js/build/clarity.min.js' },
    tags: {
      'www.clarity.ms/tag/clarityid': `${loader('https://scripts.clarity.ms/0.8.70/clarity.js')}
        window.clarity('start', { projectId: 'clarityid', upload: 'https://x.clarity.ms/collect', track: true, content: true, delay: 100 });`,
    },
    head: `<script>
      (function(c,l,a,r,i,t,y){c[a]=c[a]||function(){(c[a].q=c[a].q||[]).push(arguments)};t=l.createElement(r);t.async=1;t.src="https://www.clarity.ms/tag/"+i;y=l.getElementsByTagName(r)[0];y.parentNode.insertBefore(t,y);})(window, document, "clarity", "script", "clarityid");
      clarity('identify', '${user}');
      clarity('set', 'phone', '${phone}');
    </script>`,
    gets: { 'x.clarity.ms/collect': ['0.8.70', 'clarityid'] },
  },
  {
    name: 'snowplow',
    files: { 'com-acme.mini.snplow.net/sp.js': '@snowplow/browser-tracker/dist/index.umd.min.js' },
    head: `<script src="https://com-acme.mini.snplow.net/sp.js"></script>
    <script>
      snowplowBrowserTracking.newTracker('sp', 'https://com-acme.mini.snplow.net', { appId: 'shop' });
      snowplowBrowserTracking.setUserId('${user}');
      snowplowBrowserTracking.trackPageView();
      snowplowBrowserTracking.trackStructEvent({ category: 'shop', action: 'order of ${phone}', label: '${mail}', value: 39 });
    </script>`,
    gets: { 'com-acme.mini.snplow.net/com.snowplowanalytics.snowplow/tp2': ['pv', 'se', 'order of [redacted]', 'https://shop.example/snowplow?utm_source=spring'] },
  },
  {
    name: 'alloy',
    files: { 'cdn1.adoberesources.net/alloy/2.33.1/alloy.min.js': '@adobe/alloy/dist/alloy.min.js' },
    answers: {
      'edge.adobedc.net/ee/': { requestId: 'r', handle: [{ type: 'state:store', payload: [] }] },
      'adobedc.demdex.net/ee/': { requestId: 'r', handle: [{ type: 'state:store', payload: [] }] },
    },
    head: `<script>
      !function(n,o){o.forEach(function(o){n[o]||((n.__alloyNS=n.__alloyNS||[]).push(o),n[o]=function(){var u=arguments;return new Promise(function(i,l){n[o].q.push([i,l,u])})},n[o].q=[])})}(window,["alloy"]);
    </script>
    <script src="https://cdn1.adoberesources.net/alloy/2.33.1/alloy.min.js" async></script>
    <script>
      alloy('configure', { datastreamId: 'ebebf826-a01f-4458-8cec-ef61de241c93', orgId: '97D1F3F459CE0AD80A495CBE@AdobeOrg' });
      alloy('sendEvent', { xdm: {
        eventType: 'commerce.purchases', commerce: { order: { purchaseID: '${user}' }, purchases: { value: 1 } },
        identityMap: { Email: [{ id: '${mail}', primary: false }] },
      }, data: { phone: '${phone}' } });
    </script>`,
    gets: { 'adobedc.net/ee/,adobedc.demdex.net/ee/': ['commerce.purchases', 'https://shop.example/alloy?utm_source=spring'] },
  },
  {
    name: 'datadog',
    files: { 'www.datadoghq-browser-agent.com/us1/v7/datadog-rum.js': '@datadog/browser-rum/bundle/datadog-rum.js' },
    head: `<script>
      (function(h,o,u,n,d){h=h[d]=h[d]||{q:[],onReady:function(c){h.q.push(c)}};d=o.createElement(u);d.async=1;d.src=n;n=o.getElementsByTagName(u)[0];n.parentNode.insertBefore(d,n)})(window,document,'script','https://www.datadoghq-browser-agent.com/us1/v7/datadog-rum.js','DD_RUM');
      window.DD_RUM.onReady(function() {
        window.DD_RUM.init({ clientToken: 'pubtoken', applicationId: 'a1b2', site: 'datadoghq.com', service: 'shop', env: 'prod',
          sessionSampleRate: 100, sessionReplaySampleRate: 0, trackUserInteractions: true });
        window.DD_RUM.setUser({ id: '${user}', email: '${mail}', name: 'Ada' });
        window.DD_RUM.addAction('order', { phone: '${phone}' });
      });
    </script>`,
    gets: { 'browser-intake-datadoghq.com/api/v2/rum': ['view', 'action', 'pubtoken', 'https://shop.example/datadog?utm_source=spring'] },
    // It sends in batches, the last one when the page goes.
    leaves: true,
  },
  {
    name: 'analytics-js',
    files: { 'www.google-analytics.com/analytics.js': 'autotrack/test/analytics.js' },
    head: `<script>
      (function(i,s,o,g,r,a,m){i['GoogleAnalyticsObject']=r;i[r]=i[r]||function(){(i[r].q=i[r].q||[]).push(arguments)},i[r].l=1*new Date();a=s.createElement(o),m=s.getElementsByTagName(o)[0];a.async=1;a.src=g;m.parentNode.insertBefore(a,m)})(window,document,'script','https://www.google-analytics.com/analytics.js','ga');
      ga('create', 'UA-4711-1', 'auto', { userId: '${user}' });
      ga('send', 'pageview');
      ga('send', 'event', 'shop', 'order of ${phone}', '${mail}');
    </script>`,
    gets: { 'www.google-analytics.com/': ['UA-4711-1', 'pageview', 'order of [redacted]', 'https://shop.example/analytics-js?utm_source=spring'] },
  },
  {
    name: 'ga4',
    // A client of the GA4 protocol in the place of gtag.js.
    files: { 'www.googletagmanager.com/gtag/js': '@minimal-analytics/ga4/dist/index.js' },
    head: `<script src="https://www.googletagmanager.com/gtag/js?id=G-SHOP4711"></script>
    <script>
      window.dataLayer = window.dataLayer || [];
      function gtag(){dataLayer.push(arguments);}
      gtag('js', new Date());
      gtag('config', 'G-SHOP4711');
      window.minimalAnalytics = { trackingId: 'G-SHOP4711', autoTrack: false };
      track('G-SHOP4711');
      track('G-SHOP4711', { type: 'purchase', event: { 'ep.phone': '${phone}', 'ep.coupon': 'call ${phone}', 'uid': '${user}', 'epn.value': '39' } });
    </script>`,
    gets: { 'www.google-analytics.com/g/collect': ['page_view', 'purchase', 'G-SHOP4711', 'call [redacted]', 'https://shop.example/ga4?utm_source=spring'] },
  },
];

/** The page of `client`, as its site serves it. */
export function page({ name, head }) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Kettles</title>
    ${head}
  </head><body><h1>Kettles</h1><p>Logged in as ${mail}, ${phone}.</p>
  <p><button id="buy">Buy one, ${name}</button></p><form><input name="email" value="${mail}"></form>
  <div style="height:3000px"></div></body></html>`;
}
