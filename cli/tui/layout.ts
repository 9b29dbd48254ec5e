/** Where things are on the screen. */
import { TITLES } from "./actions.ts";
import { VIEWS, type View } from "./state.ts";

/** Lines that every view has: tabs and answer above, keys below. */
export const HEADER = 2;
export const FOOTER = 1;

export interface Tab {
  readonly x: number;
  readonly width: number;
  readonly text: string;
}

/** The tabs at the right of the first line; where there is no room for all names, the others are their numbers. */
export function tabPlaces(columns: number, shown: View): Tab[] {
  let texts = VIEWS.map((view, i) => `${i + 1} ${TITLES[view]}`);
  const widthOf = (): number => texts.reduce((sum, text) => sum + text.length + 2, 0);
  if (widthOf() > columns) texts = texts.map((text, i) => (VIEWS[i] === shown ? text : String(i + 1)));
  let x = Math.max(0, columns - widthOf());
  return texts.map((text) => {
    const place = { x, width: text.length + 2, text };
    x += place.width;
    return place;
  });
}

/** Index of the view whose tab is at that column; null if none is. */
export function tabAt(columns: number, shown: View, x: number): number | null {
  const at = tabPlaces(columns, shown).findIndex((tab) => x >= tab.x && x < tab.x + tab.width);
  return at < 0 ? null : at;
}
