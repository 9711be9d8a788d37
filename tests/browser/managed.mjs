// Turns a consent manager into a site that has it: one page with two vendors, and the manager's own files.
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { MODULES } from './visit.mjs';

/** The site. */
export const HOST = new URL('http://shop.example/');
/** The vendors in its page. */
export const ANALYTICS = 'static.hotjar.com';
export const MARKETING = 'connect.facebook.net';

const TYPES = { js: 'text/javascript', css: 'text/css', json: 'application/json' };

/** Acts of a visitor: on what he sees, and by the call that it makes. */
export const click = (selector) => async (tab) => {
  const button = await tab.waitForSelector(selector, { visible: true, timeout: 5_000 });
  await button.click();
};
export const call = (act) => (tab) => tab.evaluate(act);

/** The page of a site with `manager`. */
export function page({ head }) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tea</title>
${head}
<script async src="https://${ANALYTICS}/c/hotjar-1.js?sv=6"></script>
<script async src="https://${MARKETING}/en_US/fbevents.js"></script>
</head><body><h1>Tea</h1></body></html>`;
}

/** Its server. */
export function origin(manager) {
  return (request, response) => {
    request.resume();
    const path = normalize(new URL(request.url, HOST).pathname);
    if (path === '/') return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(manager));
    if (!path.startsWith('/cmp/')) return response.writeHead(404).end();
    try {
      const file = readFileSync(join(MODULES, path.slice('/cmp/'.length)));
      return response.writeHead(200, { 'content-type': TYPES[path.split('.').pop()] ?? 'text/plain' }).end(file);
    } catch {
      return response.writeHead(404).end();
    }
  };
}

const section = (linkedCategory) => ({ title: linkedCategory, linkedCategory });

/** vanilla-cookieconsent, which keeps the choice as `cookie` says. */
export const vanilla = (cookie = {}) => ({
  head: `<link rel="stylesheet" href="/cmp/vanilla-cookieconsent/dist/cookieconsent.css">
<script src="/cmp/vanilla-cookieconsent/dist/cookieconsent.umd.js"></script>
<script>addEventListener('load', () => CookieConsent.run(${JSON.stringify({
    hideFromBots: false,
    cookie,
    categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
    language: { default: 'en', translations: { en: {
      consentModal: { title: 'Cookies', acceptAllBtn: 'All', acceptNecessaryBtn: 'None', showPreferencesBtn: 'Some' },
      preferencesModal: { title: 'Cookies', acceptAllBtn: 'All', acceptNecessaryBtn: 'None', savePreferencesBtn: 'Save',
        sections: [section('necessary'), section('analytics'), section('marketing')] },
    } } },
  })}))</script>`,
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
});

/** Klaro, which keeps the choice where `storage` says. */
export const klaro = (storage) => ({
  head: `<script>var klaroConfig = ${JSON.stringify({
    version: 1, elementID: 'klaro', ...storage, default: false, acceptAll: true, lang: 'en',
    translations: { en: { purposes: { analytics: 'Analytics', marketing: 'Marketing' } } },
    services: [{ name: 'heatmap', purposes: ['analytics'] }, { name: 'pixel', purposes: ['marketing'] }],
  })}</script>
<script defer src="/cmp/klaro/dist/klaro.js"></script>`,
  accept: click('#klaro .cm-btn-success'),
  reject: click('#klaro .cn-decline'),
  partly: call(() => {
    const manager = window.klaro.getManager();
    manager.updateConsent('heatmap', true);
    manager.saveAndApplyConsents();
  }),
  withdraw: call(() => {
    const manager = window.klaro.getManager();
    manager.changeAll(false);
    manager.saveAndApplyConsents();
  }),
});
