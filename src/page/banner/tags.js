// Turns the visitor's choice into the calls, entries and cookies that tags and plug-ins wait for.
//
// 1. Google Consent Mode v2: `gtag('consent', 'update', …)`; where there is no `gtag`, its entry in the data layer, which is the
//    arguments object that gtag.js looks for.
// 2. An event in the data layer, for triggers of a tag manager.
// 3. WP Consent API, where the operator asks for it: its own function, or else its cookies.
function tellTags(letters, isChange) {
  const word = (letter) => (letters.indexOf(letter) < 0 ? 'denied' : 'granted');
  if (options.data_layer) {
    const isThere = typeof window.gtag === 'function' || window.dataLayer;
    // A page without tags gets no data layer just for being loaded.
    if (isThere || (isChange && letters)) tellGoogle(word, letters, isChange);
  }
  if (options.wp_consent && isChange) tellWordPress(word);
}

function tellGoogle(word, letters, isChange) {
  if (!window.dataLayer) window.dataLayer = [];
  const layer = window.dataLayer;
  // Some pages keep an object of their own under that name.
  const push = (what) => { if (typeof layer?.push === 'function') layer.push(what); };
  function entry() { push(arguments); }
  const gtag = typeof window.gtag === 'function' ? window.gtag : entry;
  const ads = word('m');
  const comfort = word('f');
  try {
    gtag('consent', 'update', {
      ad_storage: ads, ad_user_data: ads, ad_personalization: ads, analytics_storage: word('a'),
      functionality_storage: comfort, personalization_storage: comfort, security_storage: 'granted',
    });
    if (isChange) push({ event: 'consentry_change', consentry_purposes: ids(letters) });
  } catch (error) { later(() => { throw error; }); }
}

function tellWordPress(word) {
  const uses = [['functional', ''], ['preferences', 'f'], ['statistics-anonymous', 'a'], ['statistics', 'a'], ['marketing', 'm']];
  for (let i = 0; i < uses.length; i += 1) {
    const category = uses[i][0];
    const letter = uses[i][1];
    const value = !letter || word(letter) === 'granted' ? 'allow' : 'deny';
    if (typeof window.wp_set_consent === 'function') window.wp_set_consent(category, value);
    else document.cookie = `wp_consent_${category}=${value}; path=/; max-age=15552000; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
  }
}
