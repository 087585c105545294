// The changes of all comparisons of a page, one after another: `n` and `p` walk through them.

/** A comparison on the page. */
export interface Walkable {
  /** Where it stands. */
  element: HTMLElement;
  /** How many changes it has. */
  count: number;
  /** Shows one of them. */
  show: (nth: number) => void;
}

const shown = new Set<Walkable>();
let at: { view: Walkable; nth: number } | null = null;

export function addWalkable(view: Walkable): () => void {
  shown.add(view);
  return () => {
    shown.delete(view);
    if (at?.view === view) at = null;
  };
}

/** Goes to the next change, or the one before; from the last one to the first. `from`: begins in that one, if it is not there. */
export function walk(step: 1 | -1, from?: Walkable | null): boolean {
  if (from && at?.view !== from) {
    at = { view: from, nth: step === 1 ? 0 : from.count - 1 };
    from.show(at.nth);
    return true;
  }
  const views = [...shown].sort((a, b) =>
    a.element.compareDocumentPosition(b.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1,
  );
  const all = views.flatMap((view) => Array.from({ length: view.count }, (_, nth) => ({ view, nth })));
  const now = all.findIndex((one) => one.view === at?.view && one.nth === at.nth);
  const next = now < 0 ? (step === 1 ? 0 : all.length - 1) : (now + step + all.length) % all.length;
  at = all[next] ?? null;
  at?.view.show(at.nth);
  return at !== null;
}
