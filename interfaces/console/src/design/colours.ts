/** A canvas does not know what a custom property stands for: an element does. @param name `--accent` */
export function colourOf(element: Element, name: string): string {
  const probe = element.appendChild(document.createElement('span'));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
