// The consent managers of `managers.mjs`: how a site includes each, and how a visitor answers it.

/** The vendors in every page. */
export const ANALYTICS = 'static.hotjar.com';
export const MARKETING = 'connect.facebook.net';

const click = (selector) => async (tab) => {
  const button = await tab.waitForSelector(selector, { visible: true, timeout: 5_000 });
  await button.click();
};
const call = (act) => (tab) => tab.evaluate(act);

/** The page of a site with `manager`. */
export function page({ head }) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tea</title>
${head}
<script async src="https://${ANALYTICS}/c/hotjar-1.js?sv=6"></script>
<script async src="https://${MARKETING}/en_US/fbevents.js"></script>
</head><body><h1>Tea</h1></body></html>`;
}

const section = (linkedCategory) => ({ title: linkedCategory, linkedCategory });

const vanilla = {
  hideFromBots: false,
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
  language: { default: 'en', translations: { en: {
    consentModal: { title: 'Cookies', acceptAllBtn: 'All', acceptNecessaryBtn: 'None', showPreferencesBtn: 'Some' },
    preferencesModal: { title: 'Cookies', acceptAllBtn: 'All', acceptNecessaryBtn: 'None', savePreferencesBtn: 'Save',
      sections: [section('necessary'), section('analytics'), section('marketing')] },
  } } },
};

const klaro = {
  version: 1, elementID: 'klaro', storageMethod: 'cookie', cookieName: 'klaro', default: false, acceptAll: true, lang: 'en',
  translations: { en: { purposes: { analytics: 'Analytics', marketing: 'Marketing' } } },
  services: [{ name: 'heatmap', purposes: ['analytics'] }, { name: 'pixel', purposes: ['marketing'] }],
};

const tarteaucitron = {
  hashtag: '#cookies', cookieName: 'tarteaucitron', orientation: 'middle', showAlertSmall: false, cookieslist: false,
  adblocker: false, DenyAllCta: true, AcceptAllCta: true, highPrivacy: true, handleBrowserDNTRequest: false,
  removeCredit: true, moreInfoLink: false, googleConsentMode: false, bingConsentMode: false,
};

export const MANAGERS = [
  {
    name: 'vanilla-cookieconsent',
    config: '[consent]\ncmp = ["vanilla-cookieconsent"]\n',
    head: `<link rel="stylesheet" href="/cmp/vanilla-cookieconsent/dist/cookieconsent.css">
<script src="/cmp/vanilla-cookieconsent/dist/cookieconsent.umd.js"></script>
<script>addEventListener('load', () => CookieConsent.run(${JSON.stringify(vanilla)}))</script>`,
    accept: click('#cc-main [data-role="all"]'),
    reject: click('#cc-main [data-role="necessary"]'),
    async partly(tab) {
      await click('#cc-main [data-role="show"]')(tab);
      await tab.waitForSelector('#cc-main .pm', { visible: true });
      await tab.$eval('#cc-main .section__toggle[value="analytics"]', (box) => box.click());
      await click('#cc-main .pm [data-role="save"]')(tab);
    },
    async withdraw(tab) {
      await tab.evaluate(() => CookieConsent.showPreferences());
      await click('#cc-main .pm [data-role="necessary"]')(tab);
    },
  },
  {
    name: 'klaro',
    config: '[consent]\ncmp = ["klaro"]\nmap.klaro = { heatmap = "analytics", pixel = "marketing" }\n',
    head: `<script>var klaroConfig = ${JSON.stringify(klaro)}</script>
<script defer src="/cmp/klaro/dist/klaro.js"></script>`,
    accept: click('#klaro .cm-btn-success'),
    reject: click('#klaro .cn-decline'),
    partly: call(() => {
      const manager = klaro.getManager();
      manager.updateConsent('heatmap', true);
      manager.saveAndApplyConsents();
    }),
    withdraw: call(() => {
      const manager = klaro.getManager();
      manager.changeAll(false);
      manager.saveAndApplyConsents();
    }),
  },
  {
    name: 'tarteaucitron',
    config: '[consent]\ncmp = ["tarteaucitron"]\n',
    head: `<script src="/cmp/tarteaucitronjs/tarteaucitron.js"></script>
<script>tarteaucitron.init(${JSON.stringify(tarteaucitron)})</script>
<script>
tarteaucitron.user.hotjarId = 1; tarteaucitron.user.HotjarSv = 6; tarteaucitron.user.facebookpixelId = '1';
(tarteaucitron.job = tarteaucitron.job || []).push('hotjar', 'facebookpixel');
</script>`,
    accept: click('#tarteaucitronPersonalize2'),
    reject: click('#tarteaucitronAllDenied2'),
    async partly(tab) {
      await click('#tarteaucitronCloseAlert')(tab);
      await click('#hotjarAllowed')(tab);
      await click('#facebookpixelDenied')(tab);
    },
    withdraw: call(() => tarteaucitron.userInterface.respondAll(false)),
  },
  {
    name: 'osano-oss',
    config: '[consent]\ncmp = ["osano-oss"]\n',
    head: `<link rel="stylesheet" href="/cmp/cookieconsent/build/cookieconsent.min.css">
<script src="/cmp/cookieconsent/build/cookieconsent.min.js"></script>
<script>addEventListener('load', () => cookieconsent.initialise({ type: 'opt-in', position: 'bottom' }, (popup) => { window.popup = popup; }))</script>`,
    accept: click('.cc-window .cc-allow'),
    reject: click('.cc-window .cc-deny'),
    async withdraw(tab) {
      await tab.evaluate(() => window.popup.revokeChoice());
      await click('.cc-window .cc-deny')(tab);
    },
  },
];
