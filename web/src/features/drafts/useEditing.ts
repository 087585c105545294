// The change of one entry in my draft, from the editor to the server and back. Nothing that was typed is ever overwritten unasked.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { changeOf, draftKey, editDraft, keepDraft, openDraft, presentDraft } from '../../api/drafts';
import type { Scope } from '../../api/keys';
import { codeOf, ProblemError } from '../../api/problem';
import type { DraftChangeView, DraftPatch, DraftView, EntryView } from '../../api/schema';
import { formatOf } from '../../lib/formats';
import { Autosave } from './autosave';
import { bodyOf, type Edit, isLive, marksOf, sameChange } from './changes';

/** Somebody, in another tab perhaps, changed the same entry in the same draft. */
export class EditedElsewhere extends Error {
  readonly draft: DraftView;

  constructor(draft: DraftView) {
    super('edited elsewhere');
    this.draft = draft;
  }
}

/** What an edit was made from. */
interface Basis {
  draft: DraftView | null;
  change: DraftChangeView | undefined;
  /** The revision of the entry that was edited; 0 when there was none. */
  revision: number;
}

function basisOf({ ns }: Scope, key: string, draft: DraftView | null, live: EntryView | null): Basis {
  const change = changeOf(draft, ns, key);
  return { draft, change, revision: change?.if_revision ?? live?.revision ?? 0 };
}

function editOf(key: string, change: DraftChangeView | undefined, live: EntryView | null): Edit {
  const put = change?.op === 'put' ? change : undefined;
  return {
    text: put?.content ?? live?.content ?? '',
    format: put?.format ?? live?.format ?? formatOf(key) ?? 'text',
    marks: marksOf(put),
  };
}

export function useEditing(scope: Scope, key: string, draft: DraftView | null, live: EntryView | null) {
  const queries = useQueryClient();
  const basis = useRef<Basis>(basisOf(scope, key, draft, live));
  /** What the editor shows, unless it was typed into since. */
  const [shown, setShown] = useState<Edit>(() => editOf(key, basis.current.change, live));
  /** What was typed. */
  const read = useRef<() => string>(() => shown.text);
  const [revision, setRevision] = useState(basis.current.revision);
  const latest = useRef({ live, shown });
  latest.current = { live, shown };

  const adopt = (next: Basis) => {
    basis.current = next;
    setRevision(next.revision);
  };

  /** Counts what was shown in the place of what was typed. */
  const [version, setVersion] = useState(0);
  const show = (edit: Edit) => {
    read.current = () => edit.text;
    setShown(edit);
    setVersion((before) => before + 1);
  };

  /** Sends a patch, on top of whatever else became of the draft, as long as nobody else touched this entry. */
  const send = async (patch: DraftPatch): Promise<DraftView> => {
    await queries.cancelQueries({ queryKey: draftKey(scope) });
    let onto = basis.current.draft ?? (await openDraft(scope));
    for (;;) {
      if (!sameChange(changeOf(onto, scope.ns, key), basis.current.change)) throw new EditedElsewhere(onto);
      try {
        return await editDraft(onto.id, onto.hash, patch);
      } catch (error) {
        const present = presentDraft(error);
        if (present) {
          onto = present;
        } else if (codeOf(error) === 'not_found' && basis.current.draft) {
          // Published or discarded elsewhere: what is typed goes into a new one.
          basis.current = { ...basis.current, draft: null, change: undefined };
          onto = await openDraft(scope);
        } else {
          throw error;
        }
      }
    }
  };

  const take = (saved: DraftView, fresh: EntryView | null) => {
    adopt(basisOf(scope, key, saved, fresh));
    void keepDraft(queries, scope, saved);
  };

  const place = { namespace: scope.ns, key };
  const save = async (edit: Edit) => {
    const { live: fresh } = latest.current;
    const back = isLive(edit, fresh) && basis.current.revision === fresh?.revision;
    if (back && !basis.current.change) return;
    const patch = back ? { drop: [place] } : { put: [bodyOf(place, edit, basis.current.revision)] };
    take(await send(patch), fresh);
  };
  const passes = (error: unknown) =>
    error instanceof ProblemError && (error.passing || error.code === 'too_many_requests');
  const [autosave] = useState(() => new Autosave<Edit>({ save, passes }));
  autosave.use({ save, passes });
  const state = useSyncExternalStore(autosave.subscribe, autosave.state);
  useEffect(() => () => autosave.stop(), [autosave]);

  // What came from elsewhere is shown as long as nothing is typed that would be lost.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was read anew is a reason
  useEffect(() => {
    if (autosave.unsaved) return;
    const known = basis.current;
    const next = basisOf(scope, key, draft, live);
    const older =
      draft &&
      known.draft?.id === draft.id &&
      Date.parse(draft.updated_at) < Date.parse(known.draft.updated_at);
    if (older) return;
    const same = sameChange(next.change, known.change) && (next.change || next.revision === known.revision);
    if (same) {
      basis.current = { ...known, draft };
      return;
    }
    adopt(next);
    show(editOf(key, next.change, live));
  }, [draft, live]);

  const edited = () => {
    autosave.edited(() => ({ ...latest.current.shown, text: read.current() }));
  };

  return {
    shown,
    version,
    state,
    autosave,
    /** What the text was edited from. */
    revision,
    change: changeOf(draft, scope.ns, key),
    text: () => read.current(),
    /** The text was typed into. */
    type: (text: () => string) => {
      read.current = text;
      edited();
    },
    /** The format, or what is secret. */
    choose: (choice: Partial<Omit<Edit, 'text'>>) => {
      const next = { ...latest.current.shown, ...choice, text: read.current() };
      latest.current.shown = next;
      setShown(next);
      edited();
    },
    /** Puts a text in the place of mine, as an edit of a revision. */
    replace: async (text: string, onto: number) => {
      autosave.forget();
      const edit = { ...latest.current.shown, text };
      take(await send({ put: [bodyOf(place, edit, onto)] }), latest.current.live);
      show(edit);
    },
    /** Takes the deletion of the entry into the draft. */
    remove: async () => {
      autosave.forget();
      const onto = latest.current.live?.revision ?? 0;
      take(await send({ put: [{ ...place, op: 'delete', if_revision: onto }] }), latest.current.live);
    },
    /** Takes my change out of the draft, and shows what is live. */
    discard: async () => {
      autosave.forget();
      const fresh = latest.current.live;
      if (basis.current.change) take(await send({ drop: [place] }), fresh);
      else adopt(basisOf(scope, key, basis.current.draft, fresh));
      show(editOf(key, undefined, fresh));
    },
    /** Goes on from a draft that was edited elsewhere: with what is typed here, or with what is there. */
    settle: (present: DraftView, mine: boolean) => {
      const there = basisOf(scope, key, present, latest.current.live);
      adopt({ ...there, revision: mine ? basis.current.revision : there.revision });
      if (!mine) {
        autosave.forget();
        show(editOf(key, there.change, latest.current.live));
      }
      void keepDraft(queries, scope, present);
      if (mine) void autosave.now();
    },
  };
}

export type Editing = ReturnType<typeof useEditing>;
