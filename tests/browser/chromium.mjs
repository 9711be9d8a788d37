// Turns a task into a headless Chromium that speaks to nothing but 127.0.0.1.
//
// 1. Everything leaves through a proxy on loopback: `--proxy-server` for what Chromium does on its own account,
//    each page's browser context has its own (so what a page sends is told from everything else by the port).
// 2. Names are never resolved: a request that went round the proxy fails instead of leaving the machine.
import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

// The shell is the same engine without the windows: a page costs it a quarter of the work.
const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const QUIET = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-default-browser-check',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps',
  '--disable-extensions', '--disable-client-side-phishing-detection', '--disable-domain-reliability', '--no-pings=false',
  '--metrics-recording-only', '--mute-audio', '--hide-scrollbars', '--disable-dev-shm-usage',
  // Tabs run side by side, none of them in front.
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
  // One renderer per page: frames of other hosts then report to the page's own session.
  '--disable-site-isolation-trials',
  '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,IsolateOrigins,site-per-process,Translate,'
    + 'OptimizationHints,AutofillServerCommunication,MediaRouter,InterestFeedContentSuggestions,CertificateTransparencyComponentUpdater',
];

/** Where Chromium is; `undefined` when it is not installed. */
export function chromium() {
  return PLACES.find((place) => place && existsSync(place));
}

/** Starts it, with `flags` more. */
export function launch(flags = []) {
  return puppeteer.launch({ executablePath: chromium(), args: [...QUIET, ...flags], ignoreDefaultArgs: true, pipe: true, waitForInitialPage: false,
    protocolTimeout: 20_000, acceptInsecureCerts: true, defaultViewport: null });
}
