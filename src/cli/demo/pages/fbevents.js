// The demo's stand-in for a social network's pixel: `track` commands become images, at the address that the real one has in it.
(function () {
  var id = '';
  function run(command, value) {
    if (command === 'init') id = value;
    if (command !== 'track') return;
    new Image().src = 'https://www.facebook.com/tr/?id=' + encodeURIComponent(id) + '&ev=' + encodeURIComponent(value) +
      '&dl=' + encodeURIComponent(location.href) + '&rl=' + encodeURIComponent(document.referrer);
  }
  var fbq = window.fbq;
  if (!fbq) return;
  fbq.callMethod = run;
  (fbq.queue || []).forEach(function (call) { run.apply(null, call); });
  fbq.queue = [];
})();
