// Checks the surrogates of conf/vendors.toml: node tests/catalog/surrogates.mjs
//
// 1. A surrogate is a script that runs in an empty page, twice, without throwing and without changing its globals the second time.
// 2. It holds nothing that would end its <script> element, and nothing newer than ES5.
// 3. A global that the page has already is kept.
// 4. The calls that pages make of the vendor's globals, as the vendor documents them, do not throw.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import vm from "node:vm";

const CATALOG = join(dirname(fileURLToPath(import.meta.url)), "../../conf/vendors.toml");

/** What pages call. Each is an expression or statements that must not throw. */
const CALLS = {
  ga4: `dataLayer.push({event:"x"});gtag("js",new Date());gtag("event","e",{event_callback:function(){called=1}})`,
  ga_ua: `ga("create","UA-1","auto");ga("send","pageview");ga("send","event","a","b",{hitCallback:function(){called=1}});
    ga(function(t){});_gaq.push(["_trackPageview"],function(){});var t=_gat._getTracker("UA-1");t._trackPageview();
    t._trackEvent("a","b");t._setDomainName("x");urchinTracker()`,
  gtm: `dataLayer.push({event:"x"})`,
  google_ads: `gtag("event","conversion",{send_to:"AW-1/x",event_callback:function(){called=1}});google_trackConversion({})`,
  floodlight: `gtag("event","conversion",{send_to:"DC-1/x"})`,
  adsense_gpt: `(adsbygoogle=window.adsbygoogle||[]).push({});googletag.cmd.push(function(){googletag.display("a")})`,
  meta: `fbq("init","1");fbq("track","PageView");fbq.push(["track","x"]);_fbq.push(["track","x"]);fbq.queue.length===4||bad()`,
  fb_sdk: `FB.init({});FB.XFBML.parse();FB.Event.subscribe("edge.create",function(){});FB.api("/me",function(){});FB.AppEvents.logPageView()`,
  tiktok: `ttq.load("X");ttq.page();ttq.track("AddToCart",{});ttq.identify({});ttq.instance("X").track("a");ttq.length===4||bad()`,
  linkedin: `_linkedin_data_partner_ids.push("1");lintrk("track",{conversion_id:1});lintrk.q.length===1||bad()`,
  x: `twq("config","x");twq("event","tw-x",{});twttr.ready(function(t){});twttr.widgets.load();twttr.conversion.trackPid("l1")`,
  pinterest: `pintrk("load","1");pintrk("page");pintrk("track","checkout",{});PinUtils.build();pintrk.queue.length===3||bad()`,
  snap: `snaptr("init","x");snaptr("track","PAGE_VIEW");snaptr.queue.length===2||bad()`,
  reddit: `rdt("init","t2_x");rdt("track","PageVisit");rdt.callQueue.length===2||bad()`,
  quora: `qp("init","x");qp("track","ViewContent");qp.queue.length===2||bad()`,
  uet: `uetq.push("event","x",{});var u=new UET({ti:"1",q:uetq});u.push("pageLoad")`,
  clarity: `clarity("set","a","b");clarity("consent");clarity.q.length===2||bad()`,
  hotjar: `hj("event","x");hj("identify","1",{});hj.q.length===2||bad();_uxa.push(["trackPageview"])`,
  fullstory: `FS.identify("1",{});FS.event("x",{});FS("trackEvent",{name:"x"});FS.getCurrentSessionURL()`,
  logrocket: `LogRocket.init("a/b");LogRocket.identify("1");LogRocket.getSessionURL(function(){});LogRocket.reduxMiddleware()()(1)===1||bad()`,
  mouseflow: `_mfq.push(["newPageView","/x"])`,
  crazyegg: `CE_API.push(function(){})`,
  luckyorange: `LOQ.push(["ready",function(){}]);_loq.push(["custom",{}])`,
  smartlook: `smartlook("init","x");smartlook("identify","1",{})`,
  inspectlet: `__insp.push(["wid",1])`,
  heap: `heap.load("1");heap.track("x",{});heap.identify("1");heap.addUserProperties({})`,
  mixpanel: `mixpanel.init("t",{});mixpanel.track("x",{});mixpanel.identify("1");mixpanel.people.set({});mixpanel.people.increment("a");mixpanel.get_group("a","b").set({})`,
  amplitude: `amplitude.getInstance().init("k");amplitude.getInstance().logEvent("x",{});amplitude.init("k").promise.then(function(){});
    amplitude.track("x").promise.then(function(){}).catch(function(){});amplitude.identify(new amplitude.Identify().set("a",1).add("b",2));
    amplitude.revenue(new amplitude.Revenue().setPrice(1).setQuantity(2))`,
  segment: `analytics.load("k");analytics.page();analytics.track("x",{});analytics.identify("1");analytics.ready(function(){});analytics.length===4||bad()`,
  rudderstack: `rudderanalytics.load("k","u");rudderanalytics.page();rudderanalytics.track("x")`,
  snowplow: `snowplow("newTracker","sp","c.test");snowplow("trackPageView");snowplow.q.length===2||bad();GlobalSnowplowNamespace[0]==="snowplow"||bad()`,
  posthog: `posthog.init("t",{});posthog.capture("x",{});posthog.identify("1");posthog.people.set({});posthog.onFeatureFlags(function(){});posthog.isFeatureEnabled("a")`,
  matomo: `_paq.push(["trackPageView"]);_mtm.push({});var t=Matomo.getTracker("//x/matomo.php",1);t.trackPageView();t.enableLinkTracking();
    t.setCustomDimension(1,"x");t.trackEvent("a","b");t.getVisitorId().length;Matomo.getAsyncTracker().trackGoal(1);Matomo.addPlugin("x",{});
    Piwik.getTracker("//x/piwik.php",1).setCookieDomain("*.x");Piwik.getAsyncTrackers()[0].trackLink("x","link");typeof Matomo==="function"||bad()`,
  forms: `Trustpilot.loadFromElement({},true);Calendly.initInlineWidget({url:"x"});Calendly.initPopupWidget({url:"x"});
    Calendly.showPopupWidget("x");Calendly.closePopupWidget();Calendly.initBadgeWidget({url:"x"});Calendly.destroyBadgeWidget()`,
  plausible: `plausible("x",{callback:function(){called=1}});plausible.init({})`,
  fathom: `fathom.trackPageview();fathom.trackGoal("X",0);fathom.trackEvent("x");fathom("trackPageview")`,
  simpleanalytics: `sa_event("x");sa_event("x",{a:1},function(){called=1})`,
  umami: `umami.track("x",{});umami.identify({})`,
  adobe: `_satellite.pageBottom();_satellite.track("x");_satellite.getVar("a");_satellite.cookie.get("a");_satellite.logger.log("a");
    s.pageName="a";var c=s.t();c&&bad();s.tl(true,"o","x");s_gi("a").t();new AppMeasurement().t();Visitor.getInstance("x@AdobeOrg",{}).getMarketingCloudVisitorID();
    adobeDataLayer.push({});alloy("configure",{}).then(function(){});mboxCreate("a");mboxDefine("a")`,
  yandex: `ym(1,"init",{});ym(1,"reachGoal","x");ym.a.length===2||bad()`,
  comscore: `_comscore.push({c1:"2"});COMSCORE.beacon({})`,
  quantcast: `_qevents.push({});quantserve()`,
  chartbeat: `_cbq.push(["_x"]);pSUPERFLY.virtualPage("/x","t")`,
  parsely: `PARSELY.beacon.trackPageView({});PARSELY.conversions.trackCustom("x")`,
  jetpack_stats: `_stq.push(["view",{}]);st_go({});linktracker_init(1,2);_tkq.push(["x"])`,
  ioam: `iom.c({},1);iom.h({},1);IOMm("configure",{});IOMm("pageview",{})`,
  nielsen: `var t=nol_t({});t.record().post();NOLCMB.getInstance("x").ggInitialize({})`,
  newrelic: `newrelic.noticeError(new Error);newrelic.setCustomAttribute("a","b");newrelic.addPageAction("x");newrelic.interaction().setName("a").save();NREUM.info={}`,
  sentry: `Sentry.init({});Sentry.onLoad(function(){});Sentry.captureException(new Error);Sentry.setUser({});Sentry.withScope(function(){});Sentry.configureScope(function(){});
    Raven.config("x").install();Raven.captureMessage("x");Raven.setUserContext({});Raven.context(function(){called=1})`,
  datadog: `DD_RUM.onReady(function(){DD_RUM.init({})});DD_RUM.addAction("x");DD_RUM.setUser({});DD_LOGS.logger.info("x");DD_LOGS.onReady(function(){});DD_LOGS.createLogger("a").error("b")`,
  dynatrace: `dtrum.identifyUser("1");dtrum.leaveAction(dtrum.enterAction("x"))`,
  vwo: `VWO.push(["track.x"]);_vis_opt_queue.push(function(){})`,
  optimizely: `optimizely.push({type:"event",eventName:"x"});optimizely.push(["trackEvent","x"])`,
  dynamic_yield: `DY.API("event",{});DY.recommendationContext={type:"HOMEPAGE"}`,
  hubspot: `_hsq.push(["trackPageView"]);hbspt.forms.create({});hbspt.cta.load(1,"x",{});hsConversationsOnReady.push(function(){})`,
  pardot: `piTracker("x")`,
  marketo: `Munchkin.init("1");Munchkin.munchkinFunction("visitWebPage",{});mktoMunchkin("1");MktoForms2.loadForm("//x","1",2,function(){});MktoForms2.whenReady(function(){});MktoForms2.allForms().length`,
  eloqua: `_elqQ.push(["elqSetSiteId","1"])`,
  salesforce_mc: `_etmc.push(["trackPageView"])`,
  activecampaign: `vgo("setAccount","1");vgo("process")`,
  klaviyo: `_learnq.push(["track","x"]);klaviyo.identify({});klaviyo.track("x",{});klaviyo.push(["x"])`,
  onesignal: `OneSignal.push(function(){});OneSignalDeferred.push(function(o){})`,
  tealium: `utag.link({});utag.view({});utag.track("x",{});utag.data.a`,
  criteo: `criteo_q.push({event:"setAccount",account:1})`,
  taboola: `_taboola.push({article:"auto"});_tfa.push({})`,
  outbrain: `obApi("track","PAGE_VIEW");OBR.extern.researchWidget();OBR.extern.refreshWidget("x")`,
  amazon_ads: `amzn("setRegion","NA");apstag.init({});apstag.fetchBids({},function(){});apstag.setDisplayBids();apstag.targetingKeys().length;amznads.getAds("1");amznads.setTargetingForGPTAsync("amznslots")`,
  yahoo_ads: `dotq.push({})`,
  xandr: `apntag.anq.push(function(){})`,
  vimeo: `var p=new Vimeo.Player("x",{});p.on("play",function(){});p.play().then(function(){}).catch(function(){});p.getDuration().then(function(){})`,
  google_maps: `var m=new google.maps.Map({}, {center:new google.maps.LatLng(1,2),mapTypeId:google.maps.MapTypeId.ROADMAP});
    var k=new google.maps.Marker({map:m,animation:google.maps.Animation.DROP});k.setMap(m);k.addListener("click",function(){});
    google.maps.event.addDomainListener(window,"load",function(){});m.controls[google.maps.ControlPosition.TOP_LEFT];m.setCenter(k.getPosition());
    new google.maps.InfoWindow({}).open(m,k);new google.maps.Geocoder().geocode({},function(){});new google.maps.LatLngBounds().extend(1);new google.maps.places.Autocomplete({})`,
  google_fonts: `WebFont.load({google:{families:["A"]},inactive:function(){called=1}})`,
  fonts: `try{Typekit.load()}catch(e){bad()}`,
  disqus: `DISQUSWIDGETS.getCount()`,
  instagram: `instgrm.Embeds.process()`,
  google_embeds: `google.load("search","1");google.setOnLoadCallback(function(){});gapi.load("x",function(){});gapi.plusone.go()`,
  recaptcha: `grecaptcha.ready(function(){});grecaptcha.render("x",{});grecaptcha.execute("k",{}).then(function(){});grecaptcha.getResponse()===""||bad()`,
  intercom: `Intercom("boot",{});Intercom("update");Intercom.q.length===2||bad()`,
  drift: `drift.load("x");drift.identify("1",{});drift.on("ready",function(){});drift.api.openChat();drift.api.sidebar.open()`,
  zendesk: `zE(function(){});zE("webWidget","open");zE.hide();$zopim(function(){});$zopim.set._.length`,
  livechat: `LiveChatWidget.on("ready",function(){});LiveChatWidget.call("maximize");LiveChatWidget.get("state")`,
  tawk: `Tawk_API.maximize();Tawk_API.onLoad=function(){};Tawk_API.setAttributes({},function(){})`,
  crisp: `$crisp.push(["do","chat:open"])`,
  freshworks: `fcWidget.init({});fcWidget.user.setProperties({});FreshworksWidget("open")`,
  chat: `UserVoice.push(["set",{}]);smartsupp("chat:open");Beacon("init","x")`,
  addthis: `addthis.init();addthis.toolbox(".x");addthis.layers({});addthis.addEventListener("addthis.menu.share",function(){})`,
  sharethis: `stLight.options({});stButtons.locateElements();stWidget.addEntry({});SHARETHIS.addEntry({}).attachButton({})`,
  sharing: `a2a.init_all();VK.init({});VK.Widgets.Like("x",{});VK.Retargeting.Hit()`,
  web_analytics: `_kmq.push(["x"]);_hmt.push(["x"]);_gs("x");woopra.track("x");clicky.log("/x","t");goatcounter.count({});et_eC_Wrapper({});xt_click(1,2);va("event",{})`,
};

let passed = 0;
let failed = 0;

function check(id, what, test) {
  try {
    test();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`${id}: ${what}: ${error && error.message}`);
  }
}

/** Ids and surrogates; a surrogate is one literal string, `'…'` or `'''…'''`. */
function surrogates(toml) {
  return toml.split(/^\[\[vendor\]\]\s*$/m).slice(1).flatMap((table) => {
    const id = /^id = "([^"]+)"$/m.exec(table)?.[1];
    if (!id) throw new Error("a [[vendor]] without an id");
    const long = /^surrogate = '''\n?([\s\S]*?)'''$/m.exec(table) ?? /^surrogate = '([^'\n]*)'$/m.exec(table);
    if (!long && /^surrogate/m.test(table)) throw new Error(`${id}: a surrogate that is no literal string`);
    return long ? [[id, long[1]]] : [];
  });
}

function page(before = "") {
  const context = vm.createContext({ setTimeout: (f) => f() });
  vm.runInContext(`var window=this,called=0;function bad(){throw new Error("not as expected")}${before}`, context);
  return context;
}

function globals(context) {
  return vm.runInContext("Object.getOwnPropertyNames(this)", context);
}

const same = (a, b, what) => {
  if (a !== b) throw new Error(what);
};

function checkOne(id, text) {
  check(id, "stays in its script element", () => same(/<\/script|<!--|<script|\]\]>/i.test(text), false, "markup"));
  check(id, "is ES5", () => same(/=>|`|\b(?:let|const|class)\s|\.\.\./.test(text), false, "newer syntax"));
  const context = page();
  const before = new Set(globals(context));
  check(id, "runs", () => vm.runInContext(text, context));
  const own = globals(context).filter((name) => !before.has(name));
  check(id, "defines a global", () => same(own.length > 0, true, "none"));
  const values = own.map((name) => context[name]);
  check(id, "runs again", () => vm.runInContext(text, context));
  own.forEach((name, i) => check(id, `${name} is kept by itself`, () => same(context[name], values[i], "replaced")));
  own.forEach((name) => checkKept(id, text, name));
  check(id, "has calls to try", () => same(id in CALLS || own.every((name) => Array.isArray(context[name])), true, "none here"));
  if (id in CALLS) checkCalls(id, text);
}

function checkKept(id, text, name) {
  for (const value of ["function(){return 7}", "[7]", "{seven:7}"]) {
    check(id, `a page's own ${name} = ${value} is kept`, () => {
      const context = page(`;window[${JSON.stringify(name)}]=${value};`);
      const own = context[name];
      const text0 = vm.runInContext(`String(window[${JSON.stringify(name)}])`, context);
      vm.runInContext(text, context);
      same(context[name], own, "replaced");
      same(vm.runInContext(`String(window[${JSON.stringify(name)}])`, context), text0, "changed");
    });
  }
}

function checkCalls(id, text) {
  const context = page();
  vm.runInContext(text, context);
  check(id, "its calls work", () => vm.runInContext(CALLS[id], context));
  if (CALLS[id].includes("called=1")) check(id, "calls back", () => same(context.called, 1, "not called"));
}

const found = surrogates(readFileSync(CATALOG, "utf8"));
check("catalogue", "has surrogates", () => same(found.length > 50, true, `only ${found.length}`));
for (const [id, text] of found) checkOne(id, text);
for (const id of Object.keys(CALLS)) {
  check(id, "has a surrogate", () => same(found.some(([name]) => name === id), true, "none"));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
