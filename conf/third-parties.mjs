// Turns the npm package third-party-web (MIT) into third-parties.tsv, the long tail below vendors.toml.
//
//     cd "$(mktemp -d)" && npm pack third-party-web@0.30.0 && tar xf third-party-web-*.tgz
//     node REPOSITORY/conf/third-parties.mjs package > REPOSITORY/conf/third-parties.tsv
//
// The only argument is the unpacked package. The same package always gives the same bytes.
//
// 1. `*.host` and `host` become `host`: a line is good for the host and all its subdomains, as the package itself
//    falls back from a host to its registrable domain.
// 2. Hosts are lower case; addresses (an IP is let to somebody else tomorrow) and names without a dot are left out.
// 3. A host that is named twice keeps the stricter category, in the order of STRICTEST.
// 4. CORRECTIONS go last: hosts that the package files under the business of their owner rather than under what
//    pages load from them, and mistyped ones. `null` leaves the host out.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const STRICTEST = [
  "ad", "marketing", "social", "tag-manager", "analytics", "customer-success", "video",
  "content", "other", "utility", "hosting", "cdn", "consent-provider",
];

const CORRECTIONS = {
  // Not a company: mistyped, or a suffix under which anybody registers.
  "cloudfront.ne": null, "de.com": null, "net.net": null, "net.pl": null, "where.com": null, "and.co.uk": null,
  // Portals and shops whose own pages, pictures and styles are meant far more often than their advertising,
  // which vendors.toml names by host.
  "01net.com": "content", "answers.com": "content", "aol.co.uk": "content", "aol.com": "content", "aol.net": "content",
  "aolcdn.com": "content", "apple.com": "content", "bbb.org": "content", "bestofmedia.com": "content",
  "bing.com": "content", "blogsmithmedia.com": "content", "buzzfed.com": "content", "buzzfeed.com": "content",
  "bwbx.io": "content", "ccm2.net": "content", "daum.net": "content", "daumcdn.net": "content", "ebay.com": "content",
  "ebayimg.com": "content", "geni.us": "content", "guardian.co.uk": "content", "hotukdeals.com": "content", "icnetwork.co.uk": "content",
  "imageg.net": "content", "licdn.com": "content", "line-scdn.net": "content", "line.me": "content",
  "livejournal.com": "content", "livejournal.net": "content", "microsoft.com": "content",
  "mobilenations.com": "content", "mshcdn.com": "content", "msn.com": "content", "news-static.com": "content",
  "news.com.au": "content", "newsapi.com.au": "content", "newscdn.com.au": "content", "o2.pl": "content",
  "onet.pl": "content", "pistonheads.com": "content", "pixfs.net": "content", "pixnet.net": "content",
  "rakuten-static.com": "content", "rovicorp.com": "content", "s-msft.com": "content", "s-msn.com": "content",
  "snidigital.com": "content", "sstatic.net": "content", "theguardian.com": "content", "tm-aws.com": "content",
  "tm-awx.com": "content", "unidays.world": "content", "wayfair.com": "content", "wowcher.co.uk": "content",
  "wp.pl": "content", "yahoo.com": "content", "yahoo.net": "content", "yahooapis.com": "content", "yimg.com": "content",
  "www.linkedin.com": "content", "myunidays.com": "content",
  "zenfs.com": "content",
  // Hosting and delivery.
  "cdnplanet.com": "cdn", "force.com": "hosting", "ibmcloud.com": "hosting", "msecnd.net": "cdn", "rbl.ms": "hosting",
  "rebelmouse.com": "hosting", "salesforce.com": "hosting", "unbounce.com": "hosting", "gdimg.net": "cdn",
  // Sign-in, paywalls, search: the page's own function.
  "gigya.com": "utility", "janrain.com": "utility", "janrainbackplane.com": "utility", "loginradius.com": "utility",
  "lrcontent.com": "utility", "npttech.com": "utility", "okta.com": "utility", "oneall.com": "utility",
  "rpxnow.com": "utility", "searchanise.com": "utility", "tinypass.com": "utility", "wurfl.io": "utility",
  "wurflcloud.com": "utility",
  // Consent dialogues.
  "cmp.oath.com": "consent-provider", "evidon.com": "consent-provider", "privacymanager.io": "consent-provider",
  "truste.com": "consent-provider", "trustarc.com": "consent-provider", "cookiebot.com": "consent-provider",
  "cookie-script.com": "consent-provider", "cookieq.com": "consent-provider", "cookiereports.com": "consent-provider",
  "iubenda.com": "consent-provider",
  // Players, polls, live blogs, comments and reviews: embedded content, whatever else they measure.
  "apester.com": "video", "bazaarvoice.com": "video", "buto.tv": "video", "dailymotion.com": "video",
  "dmcdn.net": "video", "easypolls.net": "video", "feefo.com": "video", "jwpcdn.com": "video", "jwplatform.com": "video",
  "jwplayer.com": "video", "jwpsrv.com": "video", "kaltura.com": "video", "longtailvideo.com": "video",
  "ooyala.com": "video", "opinionstage.com": "video", "poll.fm": "video", "polldaddy.com": "video",
  "powerreviews.com": "video", "qmerce.com": "video", "reviews.co.uk": "video", "reviews.io": "video",
  "scribblelive.com": "video", "static.polldaddy.com": "video", "trustpilot.com": "video", "viafoura.co": "video",
  "viafoura.net": "video", "vidible.tv": "video", "vidyard.com": "video", "newsinc.com": "video",
  "giphy.com": "video", "issuu.com": "video", "isu.pub": "video", "livefyre.com": "video", "fyre.co": "video",
  "slideshare.net": "video", "slidesharecdn.com": "video", "soundcloud.com": "video", "sndcdn.com": "video",
  "spotify.com": "video", "audioboom.com": "video", "audioboo.fm": "video", "datawrapper.de": "utility",
  // Advertising and measurement that the package files elsewhere.
  "301ads.com": "ad", "adledge.com": "ad", "adnetwork.vn": "ad", "adoftheyear.com": "ad", "adrta.com": "ad",
  "advolution.de": "ad", "ads.fairfax.com.au": "ad", "ambientplatform.vn": "ad", "audienceiq.com": "ad",
  "begun.ru": "ad", "betrad.com": "ad", "clicktripz.com": "ad", "creative-serving.com": "ad", "dmtracker.com": "ad",
  "dmxleo.com": "ad", "everestads.net": "ad", "everestjs.net": "ad", "everesttech.net": "ad", "fqtag.com": "ad",
  "fwmrm.net": "ad", "georiot.com": "ad", "goadservices.com": "ad", "iesnare.com": "analytics", "imedia.cz": "ad",
  "inside-graph.com": "analytics", "mparticle.com": "analytics", "nrelate.com": "ad", "omguk.com": "ad",
  "p-td.com": "ad", "pippio.com": "ad", "prebid.org": "ad", "proper.io": "ad", "pxlad.io": "ad", "revcontent.com": "ad",
  "samba.tv": "ad", "sekindo.com": "ad", "selectmedia.asia": "ad", "siteimproveanalytics.com": "analytics",
  "suitesmart.com": "ad", "sumologic.com": "analytics", "tagsrvcs.com": "ad", "track-mv.com": "ad", "uimserv.net": "ad",
  "trvl-px.com": "ad", "veeseo.com": "ad", "watchingthat.com": "analytics", "xg4ken.com": "ad", "zergnet.com": "ad",
  "conviva.com": "analytics", "optnmstr.com": "marketing", "raygun.io": "analytics", "bugsnag.com": "analytics",
  "appdynamics.com": "analytics", "eum-appdynamics.com": "analytics", "logentries.com": "analytics",
  "rollbar.com": "analytics", "errorception.com": "analytics", "hittail.com": "analytics", "delvenetworks.com": "video",
  "limelight.com": "cdn", "llnwd.net": "cdn", "aniview.com": "ad", "imasdk.googleapis.com": "ad",
  "gateway.net": "other", "vtstat.com": "analytics", "wisepops.com": "marketing", "getsitecontrol.com": "marketing",
  "stats.wordpress.com": "analytics", "polyfill.io": "other",
};

const HEAD = `# Third parties by domain: the long tail below vendors.toml, which goes first.
# From the npm package third-party-web @VERSION@ (MIT, Copyright (c) 2019 Patrick Hulce; see NOTICE), with corrections.
# Made by third-parties.mjs; do not edit. A line is good for the host and all its subdomains; the longest host wins.
# What a category means:
#   marketing                     ad, marketing, social, tag-manager
#   analytics                     analytics
#   functional                    customer-success, video
#   not a tracker, known harmless consent-provider, hosting, cdn, utility
#   says nothing                  content, other (mixed: pictures of publishers, shops and clouds)
# host<TAB>category<TAB>entity
`;

const directory = process.argv[2];
if (!directory) {
  process.stderr.write("usage: node third-parties.mjs UNPACKED_PACKAGE > third-parties.tsv\n");
  process.exit(2);
}
const read = (name) => JSON.parse(readFileSync(join(directory, name), "utf8"));
const rank = (category) => {
  const at = STRICTEST.indexOf(category);
  if (at < 0) throw new Error(`unknown category: ${category}`);
  return at;
};

const rows = new Map();
for (const { name, category, domains } of read("dist/entities-nostats.json")) {
  for (const domain of domains) {
    const host = domain.toLowerCase().replace(/^\*\./, "");
    if (!/^(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*$/.test(host)) continue;
    const known = rows.get(host);
    if (known && rank(known.category) <= rank(category)) continue;
    rows.set(host, { category, name: name.replaceAll("&amp;", "&").replace(/\s+/g, " ").trim() });
  }
}
for (const [host, category] of Object.entries(CORRECTIONS)) {
  if (category === null) rows.delete(host);
  else {
    rank(category);
    const parent = host.split(".").map((_, i, labels) => labels.slice(i).join(".")).find((h) => rows.has(h));
    if (!parent) throw new Error(`correction of an unknown host: ${host}`);
    rows.set(host, { category, name: rows.get(parent).name });
  }
}

const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const lines = [...rows].sort(([a], [b]) => order(a, b)).map(([host, { category, name }]) => `${host}\t${category}\t${name}\n`);
process.stdout.write(HEAD.replace("@VERSION@", read("package.json").version) + lines.join(""));
