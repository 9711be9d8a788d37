// The demo's stand-in for an analytics tag: `config` and `event` commands become beacons, to where `transport_url` says.
(function () {
  var layer = window.dataLayer = window.dataLayer || [], to = '//analytics.localhost';
  function send(name) {
    var query = 'v=2&tid=G-DEMO2014&en=' + encodeURIComponent(name) + '&dl=' + encodeURIComponent(location.href) +
      '&dt=' + encodeURIComponent(document.title) + '&sr=' + screen.width + 'x' + screen.height;
    navigator.sendBeacon(to + '/g/collect?' + query);
  }
  function run(command) {
    if (!command) return;
    if (command[0] === 'set' && command[1].transport_url) to = command[1].transport_url;
    if (command[0] === 'config') send('page_view');
    if (command[0] === 'event') send(command[1]);
  }
  layer.forEach(run);
  var push = layer.push;
  layer.push = function (command) { run(command); return push.apply(layer, arguments); };
})();
