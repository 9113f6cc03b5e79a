/** Keeps the panel in the window, whichever corner the bell is in. */

/** Pixels between the panel and the edge of the window. */
const EDGE = 8;

/** Move the panel to where there is room; isTop: it is wanted above the bell. */
export function fit(panel: HTMLElement, bell: HTMLElement, isTop: boolean): void {
  panel.classList.remove("flipped");
  panel.style.removeProperty("translate");
  const { top, bottom } = bell.getBoundingClientRect();
  // As high as it may become, so that it stays where it is while the list grows.
  const height = Number.parseFloat(getComputedStyle(panel).maxHeight) + EDGE;
  const [above, below] = [top, innerHeight - bottom];
  const [room, otherRoom] = isTop ? [above, below] : [below, above];
  panel.classList.toggle("flipped", height > room && otherRoom > room);
  const { left, right } = panel.getBoundingClientRect();
  const shift = left < EDGE ? EDGE - left : Math.min(0, innerWidth - EDGE - right);
  if (shift !== 0) panel.style.translate = `${Math.round(shift)}px`;
}
