// The shop's own script: a basket that lives as long as the tab, and fresh counts on the start page.
var basket = (function () {
  function read() {
    try { return JSON.parse(sessionStorage.getItem('basket')) || []; } catch (e) { return []; }
  }
  function show() {
    var count = read().length;
    document.getElementById('basket').textContent = count;
    document.getElementById('basket-word').textContent = count === 1 ? 'item' : 'items';
  }
  function add(sku) {
    try { sessionStorage.setItem('basket', JSON.stringify(read().concat(sku))); } catch (e) { /* private mode */ }
    show();
  }
  show();
  return {add: add};
})();

(function () {
  var rows = document.getElementById('vendors');
  if (!rows) return;

  function put(id, text) { document.getElementById(id).textContent = text; }

  function sent(last) {
    var parts = [last.cookie && 'cookies', last.referer && 'referrer'].filter(Boolean);
    return last.at + ' UTC, ' + (parts.length ? 'with ' + parts.join(' and ') : 'bare');
  }

  function show(counts) {
    put('without-yes', counts.without_yes);
    put('requests', counts.requests);
    document.getElementById('score').className = 'score ' + (counts.without_yes ? 'bad' : 'good');
    counts.vendors.forEach(function (vendor) {
      var row = rows.querySelector('[data-vendor="' + vendor.id + '"]');
      if (!row) return;
      row.cells[1].textContent = vendor.requests;
      row.cells[2].textContent = vendor.without_yes;
      row.className = vendor.without_yes ? 'bad' : vendor.requests ? 'busy' : '';
      row.cells[3].querySelector('code').textContent = vendor.last ? vendor.last.line : 'nothing';
      row.cells[3].querySelector('small').textContent = vendor.last ? sent(vendor.last) : '';
    });
  }

  function poll() {
    fetch('/stubs.json').then(function (answer) { return answer.json(); }).then(show)
      .catch(function () { /* the demo has ended */ })
      .then(function () { setTimeout(poll, 1000); });
  }

  fetch('/', {method: 'HEAD'}).then(function (answer) {
    var gated = answer.headers.has('consentry');
    document.getElementById('direct').hidden = gated;
    document.getElementById('through').hidden = !gated;
  }).catch(function () { /* the demo has ended */ });
  poll();
})();
