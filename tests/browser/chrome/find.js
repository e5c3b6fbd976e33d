// Finds the one visible button, link or field of a name; a text that names the others where there is not exactly one.
const [kind, name, place] = arguments;
const css = {
  button: 'button, input[type=submit]',
  link: 'a[href]',
  field: 'input:not([type=hidden]):not([type=submit]), select, textarea',
}[kind];
const squeeze = (text) => text.replace(/\s+/g, ' ').trim();
const said = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.nodeValue;
  if (node.nodeType !== Node.ELEMENT_NODE || node.hidden || node.getAttribute('aria-hidden') === 'true') return '';
  return [...node.childNodes].map(said).join('');
};
const named = (element) => {
  const label = element.getAttribute('aria-label');
  if (label) return squeeze(label);
  if (kind === 'field') return squeeze([...element.labels].map(said).join(' '));
  return squeeze(element.tagName === 'INPUT' ? element.value : said(element));
};
const visible = [...document.querySelectorAll(css)]
  .filter((element) => element.checkVisibility() && element.closest(place));
const found = visible.filter((element) => named(element) === name);
return found.length === 1 ? found[0] : found.length + ' of that name among ' + JSON.stringify(visible.map(named));
