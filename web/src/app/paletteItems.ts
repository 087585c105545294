// What the palette finds: everything that it offers, and the order of what fits.
import type { LinkProps } from '@tanstack/react-router';
import type { LucideIcon } from 'lucide-react';
import type { Tier } from '../ui/EnvTag';

export type Group =
  | 'here'
  | 'recent'
  | 'pages'
  | 'environments'
  | 'namespaces'
  | 'entries'
  | 'settings'
  | 'search';

export interface Item {
  id: string;
  group: Group;
  label: string;
  /** Other words by which it is found. */
  also?: string;
  icon?: LucideIcon;
  /** The environment it belongs to. */
  env?: string | undefined;
  tier?: Tier | null | undefined;
  link?: LinkProps;
  act?: () => void;
}

/** The order of the groups, with how many of each are shown. */
const ROOM: [Group, number][] = [
  ['here', 8],
  ['recent', 5],
  ['pages', 12],
  ['environments', 6],
  ['namespaces', 8],
  ['entries', 10],
  ['settings', 6],
  ['search', 1],
];

/** How well a text fits what was typed; the less the better, nothing when it does not. Each word must occur. */
export function score(typed: string, text: string): number | null {
  const whole = text.toLowerCase();
  let sum = 0;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = whole.indexOf(word);
    if (at < 0) return null;
    // The beginning of a word is better than its middle.
    const before = whole[at - 1];
    sum += at === 0 ? 0 : before === undefined || /[\s./_-]/.test(before) ? 1 : 2;
  }
  return sum + whole.length / 1_000;
}

/** What fits, by group. Without anything typed, what is near. */
export function choose(typed: string, items: Item[]): Item[] {
  const isEmpty = typed.trim() === '';
  return ROOM.flatMap(([group, room]) => {
    const all = items.filter((one) => one.group === group);
    if (isEmpty) return group === 'namespaces' ? [] : all.slice(0, room);
    if (group === 'entries' || group === 'search') return all.slice(0, room);
    return all
      .map((item) => ({
        item,
        fits: score(typed, [item.env, item.label, item.also].filter(Boolean).join(' ')),
      }))
      .filter((one): one is { item: Item; fits: number } => one.fits !== null)
      .sort((a, b) => a.fits - b.fits)
      .slice(0, room)
      .map(({ item }) => item);
  });
}
