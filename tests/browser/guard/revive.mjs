// Turns the snippets that ten vendors give their customers into the order in which a page runs them: with consent from the start, and
// with consent that is given later.

const log = (text) => `(window.order = window.order || []).push(${JSON.stringify(text)})`;
const run = (text) => `<script>${text}</script>`;

/** Each as a customer pastes it; what a server behind it answers is below. */
export const SNIPPETS = {
  gtag: `<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
    ${run(`window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());gtag('config','G-1');`)}`,
  gtm: run(`(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],
    j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl;
    f.parentNode.insertBefore(j,f);})(window,document,'script','dataLayer','GTM-1');`),
  meta: run(`!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):n.queue.push(arguments)};
    if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;s=b.getElementsByTagName(e)[0];
    s.parentNode.insertBefore(t,s)}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');fbq('init','1');fbq('track','PageView');`),
  hotjar: run(`(function(h,o,t,j,a,r){h.hj=h.hj||function(){(h.hj.q=h.hj.q||[]).push(arguments)};h._hjSettings={hjid:1,hjsv:6};a=o.getElementsByTagName('head')[0];
    r=o.createElement('script');r.async=1;r.src=t+h._hjSettings.hjid+j+h._hjSettings.hjsv;a.appendChild(r);})(window,document,'https://static.hotjar.com/c/hotjar-','.js?sv=');`),
  linkedin: run(`_linkedin_partner_id="1";window._linkedin_data_partner_ids=window._linkedin_data_partner_ids||[];window._linkedin_data_partner_ids.push(_linkedin_partner_id);
    (function(l){if(!l){window.lintrk=function(a,b){window.lintrk.q.push([a,b])};window.lintrk.q=[]}var s=document.getElementsByTagName("script")[0];
    var b=document.createElement("script");b.type="text/javascript";b.async=true;b.src="https://snap.licdn.com/li.lms-analytics/insight.min.js";s.parentNode.insertBefore(b,s);})(window.lintrk);`),
  pinterest: run(`!function(e){if(!window.pintrk){window.pintrk=function(){window.pintrk.queue.push(Array.prototype.slice.call(arguments))};var n=window.pintrk;n.queue=[],n.version="3.0";
    var t=document.createElement("script");t.async=!0,t.src=e;var r=document.getElementsByTagName("script")[0];r.parentNode.insertBefore(t,r)}}("https://s.pinimg.com/ct/core.js");
    pintrk('load','1');pintrk('page');`),
  tiktok: run(`!function(w,d,t){w.TiktokAnalyticsObject=t;var ttq=w[t]=w[t]||[];ttq.methods=["page","track"];ttq.setAndDefer=function(t,e){t[e]=function(){t.push([e].concat(Array.prototype.slice.call(arguments,0)))}};
    for(var i=0;i<ttq.methods.length;i++)ttq.setAndDefer(ttq,ttq.methods[i]);ttq.load=function(e,n){var i="https://analytics.tiktok.com/i18n/pixel/events.js";ttq._i=ttq._i||{};ttq._i[e]=[];
    var o=document.createElement("script");o.type="text/javascript";o.async=!0;o.src=i+"?sdkid="+e+"&lib="+t;var a=document.getElementsByTagName("script")[0];a.parentNode.insertBefore(o,a)};
    ttq.load('1');ttq.page();}(window,document,'ttq');`),
  clarity: run(`(function(c,l,a,r,i,t,y){c[a]=c[a]||function(){(c[a].q=c[a].q||[]).push(arguments)};t=l.createElement(r);t.async=1;t.src="https://www.clarity.ms/tag/"+i;
    y=l.getElementsByTagName(r)[0];y.parentNode.insertBefore(t,y);})(window,document,"clarity","script","1");`),
  matomo: run(`var _paq=window._paq=window._paq||[];_paq.push(['trackPageView']);_paq.push(['enableLinkTracking']);(function(){var u="https://acme.matomo.cloud/";
    _paq.push(['setTrackerUrl',u+'matomo.php']);_paq.push(['setSiteId','1']);var d=document,g=d.createElement('script'),s=d.getElementsByTagName('script')[0];
    g.async=true;g.src='https://cdn.matomo.cloud/acme.matomo.cloud/matomo.js';s.parentNode.insertBefore(g,s);})();`),
  plausible: '<script defer data-domain="shop.example" src="https://plausible.io/js/script.js"></script>',
};

/** What vendors' servers answer: scripts that say that they ran, and with what they found in their queues. */
export const VENDORS = {
  'gtag/js': `${log('gtag.js')};var c=dataLayer.filter(a=>a[0]=='config').length;${"order.push('gtag configs '+c)"}`,
  'gtm.js': `${log('gtm.js')};var s=document.createElement('script');s.src='https://bat.bing.com/bat.js';document.head.append(s)`,
  'bat.js': log('bat.js, which the container added'),
  'fbevents.js': `${log('fbevents.js')};fbq.queue.forEach(a=>order.push('fbq '+a[0]+' '+a[1]));fbq.callMethod=function(){};`,
  'hotjar-1.js': log('hotjar.js'),
  'insight.min.js': log('insight.min.js'),
  'ct/core.js': `${log('core.js')};pintrk.queue.forEach(a=>order.push('pintrk '+a[0]))`,
  'pixel/events.js': `${log('events.js')};ttq.forEach(a=>order.push('ttq '+a[0]))`,
  'clarity.ms/tag': log('clarity.js'),
  'matomo.js': `${log('matomo.js')};_paq.forEach(a=>order.push('_paq '+a[0]))`,
  'plausible.io/js': log('plausible.js'),
};

/** Scripts whose order counts. `V` is a vendor that is held. */
export const ORDERED = `
  ${run(log('1 inline of the page'))}
  <script src="https://script.hotjar.com/a.js?slow=300"></script>
  <script src="https://script.hotjar.com/b.js"></script>
  <script async src="https://script.hotjar.com/async.js?slow=900"></script>
  <script defer src="https://script.hotjar.com/defer.js"></script>
  <script type="module" src="https://script.hotjar.com/module.js"></script>
  <script src="https://script.hotjar.com/c.js" onload="order.push('onload of c')"></script>
  <script src="https://script.hotjar.com/writes.js"></script>
  <script src="https://script.hotjar.com/d.js"></script>`;
export const ORDERED_VENDORS = Object.fromEntries(['a', 'b', 'c', 'd', 'async', 'defer', 'module', 'written'].map((name) => [`/${name}.js`, log(`${name}.js`)]));
ORDERED_VENDORS['/writes.js'] = `${log('writes.js')};document.write('<i id=written></i><script src="https://script.hotjar.com/written.js"></scr'+'ipt><script>order.push("written inline")</scr'+'ipt>')`;

/** A page as the server makes it without consent (`gated = "inert"`): every script whose text or source names a vendor is inert. */
export function inert(html, ids) {
  let at = 0;
  return html.replace(/<script([^>]*)>([^]*?)<\/script>/g, (whole, attributes, text) => {
    const source = /src="?https/.test(attributes);
    if (!source && !/https:|GTM/.test(text)) return whole;
    const id = Array.isArray(ids) ? ids[at++] : ids;
    const marks = ` data-consentry="${id}" data-consentry-purpose="marketing"`;
    const inertAttributes = attributes.replace(/\btype=/, 'data-consentry-type=').replace(/\bsrc=/, 'data-consentry-src=').replace(/\bonload=/, 'data-consentry-onload=');
    return `<script type="text/plain"${marks}${source ? inertAttributes : attributes.replace(/\btype=/, 'data-consentry-type=')}>${text}</script>`;
  });
}
