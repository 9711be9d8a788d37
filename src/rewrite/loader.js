// Loads the file that its own element names, where the page's policy knows scripts by their hashes and trusts what those insert.
// It stands in XML too, so it has neither ampersands nor opening angle brackets.
'use strict';
(document => {
  const own = document.currentScript;
  const script = document.createElement('script');
  for (const { name, value } of own.attributes) {
    if (name.startsWith('data-')) script.setAttribute(name, value);
  }
  if (own.nonce) script.nonce = own.nonce;
  const url = own.getAttribute('data-consentry-src');
  const types = window.trustedTypes;
  script.src = types ? types.createPolicy('consentry-loader', { createScriptURL: text => text }).createScriptURL(url) : url;
  own.after(script);
})(document);
