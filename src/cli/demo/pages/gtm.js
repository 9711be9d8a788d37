// The demo's stand-in for a tag manager: each event of the page's data layer becomes a request.
(function () {
  var layer = window.dataLayer = window.dataLayer || [];
  function tell(item) {
    if (!item || !item.event) return;
    new Image().src = '//tags.localhost/td?id=GTM-DEMO14&e=' + encodeURIComponent(item.event) +
      '&dl=' + encodeURIComponent(location.href);
  }
  layer.forEach(tell);
  var push = layer.push;
  layer.push = function (item) { tell(item); return push.apply(layer, arguments); };
})();
