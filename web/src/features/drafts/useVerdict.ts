// The server's own verdict on what is being typed, a moment after the last key.
import { useEffect, useRef, useState } from 'react';
import type { Scope } from '../../api/keys';
import type { DraftChangeBody, DraftView } from '../../api/schema';
import { judgeChange, judgeDraft } from '../../api/verdicts';
import { type Judged, judged } from './changes';

const QUIET_MS = 250;
const NOTHING: Judged = { problems: [], refusal: null };

export function useVerdict(scope: Scope, enabled: boolean) {
  const [verdict, setVerdict] = useState<Judged>(NOTHING);
  const running = useRef<AbortController | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const ask = (wait: number, judge: (signal: AbortSignal) => Promise<Judged>) => {
    clearTimeout(timer.current);
    running.current?.abort();
    if (!enabled) return;
    timer.current = setTimeout(() => {
      const asked = new AbortController();
      running.current = asked;
      // Without an answer the last one stands: it is asked again with the next key, and before anything is published.
      judge(asked.signal).then(
        (answer) => !asked.signal.aborted && setVerdict(answer),
        () => {},
      );
    }, wait);
  };

  useEffect(
    () => () => {
      clearTimeout(timer.current);
      running.current?.abort();
    },
    [],
  );

  return {
    ...verdict,
    /** Judges a change that need not be in the draft. */
    ofChange: (change: () => DraftChangeBody) =>
      ask(QUIET_MS, async (signal) => {
        const { write, refusal } = await judgeChange(scope, change(), signal);
        return judged(refusal, write?.warnings ?? [], 'changes[0].');
      }),
    /** Judges a change as it is in the draft, with what its markers stand for there. */
    ofDraft: (draft: DraftView, key: string) =>
      ask(0, async (signal) => {
        const { write, refusal } = await judgeDraft(draft, signal);
        const nth = draft.changes.findIndex((one) => one.namespace === scope.ns && one.key === key);
        const entry = `${scope.env}/${scope.ns}/${key}`;
        const warnings = (write?.warnings ?? []).filter((one) => one.entry === entry);
        return judged(refusal, warnings, `changes[${nth}].`);
      }),
    clear: () => {
      ask(0, async () => NOTHING);
    },
  };
}
