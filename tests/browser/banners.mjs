// The consent managers of `managers.mjs`: how a site includes each, and how a visitor answers it.

import { call, click, klaro, vanilla } from './managed.mjs';

const tarteaucitron = {
  hashtag: '#cookies', cookieName: 'tarteaucitron', orientation: 'middle', showAlertSmall: false, cookieslist: false,
  adblocker: false, DenyAllCta: true, AcceptAllCta: true, highPrivacy: true, handleBrowserDNTRequest: false,
  removeCredit: true, moreInfoLink: false, googleConsentMode: false, bingConsentMode: false,
};

export const MANAGERS = [
  {
    name: 'vanilla-cookieconsent',
    config: '[consent]\ncmp = ["vanilla-cookieconsent"]\n',
    ...vanilla(),
  },
  {
    name: 'klaro',
    config: '[consent]\ncmp = ["klaro"]\nmap.klaro = { heatmap = "analytics", pixel = "marketing" }\n',
    ...klaro({ storageMethod: 'cookie', cookieName: 'klaro' }),
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
