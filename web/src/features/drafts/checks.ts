// What speaks for and against publishing a draft, one line each.
import type { UseQueryResult } from '@tanstack/react-query';
import type { Scope } from '../../api/keys';
import type { DraftChangeView, DraftView, EntryView, FieldProblem } from '../../api/schema';
import type { Verdict } from '../../api/verdicts';
import { inWords } from '../../app/ErrorView';
import { useDenied, useEnvironment } from '../../app/session';
import { useT } from '../../i18n';

export interface Check {
  name: string;
  state: 'ok' | 'warn' | 'bad' | 'running';
  words: string;
  /** Places that it is about. */
  places?: { entry: DraftChangeView | undefined; words: string }[];
}

interface Reviewed {
  change: DraftChangeView;
  /** Undefined until it is known. */
  live: EntryView | null | undefined;
  moved: boolean;
}

/** The change that a field such as `changes[2].content` is of. */
function changeOfField(draft: DraftView, field: string): DraftChangeView | undefined {
  const nth = /^changes\[(\d+)\]/.exec(field)?.[1];
  return nth === undefined ? undefined : draft.changes[Number(nth)];
}

/** Refusals that another line of the list says already. */
const SAID: string[] = ['conflict', 'draft_moved', 'frozen', 'denied'];

export function useChecks(
  { env }: Scope,
  draft: DraftView,
  reviewed: Reviewed[],
  verdict: UseQueryResult<Verdict>,
) {
  const t = useT();
  const words = t.drafts.checks;
  const frozen = useEnvironment(env)?.frozen;
  const [first, ...others] = draft.changes;
  const deniedFirst = useDenied('publish', first ? { env, ns: first.namespace, key: first.key } : { env });
  const { refusal, write } = verdict.data ?? {};
  const denied =
    deniedFirst ?? (refusal?.code === 'denied' && others.length > 0 ? inWords(refusal, t) : null);
  const moved = reviewed.filter((one) => one.moved).length;
  const content = refusal && !SAID.includes(refusal.code) ? refusal : null;
  const withheld = draft.withheld ?? 0;
  const unknown = verdict.data === undefined;

  const place = (field: FieldProblem) => {
    const at = field.line == null ? '' : ` (${t.problems.place(field.line, field.column ?? 1)})`;
    return { entry: changeOfField(draft, field.field), words: `${field.problem}${at}` };
  };
  const warnings = (write?.warnings ?? []).map((warning) => ({
    entry: draft.changes.find((one) => `${env}/${one.namespace}/${one.key}` === warning.entry),
    words: `${warning.message} (${t.problems.place(warning.line, warning.column)})`,
  }));

  const all: (Check | null)[] = [
    {
      name: words.rights,
      state: denied || withheld > 0 ? 'bad' : 'ok',
      words: denied ?? (withheld > 0 ? words.withheld(withheld) : words.rightsOk),
    },
    {
      name: words.conflicts,
      state: moved > 0 ? 'bad' : 'ok',
      words: moved > 0 ? words.conflictsBad(moved) : words.conflictsOk,
    },
    moved > 0
      ? null
      : {
          name: words.syntax,
          state: content ? 'bad' : unknown ? 'running' : 'ok',
          words: content ? inWords(content, t) : unknown ? words.running : words.syntaxOk,
          places: content?.problem.fields?.map(place) ?? [],
        },
    {
      name: words.frozen,
      state: frozen ? 'bad' : 'ok',
      words: frozen ? `${t.nav.frozen(env)}: ${frozen.reason}` : words.frozenOk,
    },
  ];
  const list = all.filter((check) => check !== null);
  if (warnings.length > 0)
    list.push({ name: words.warnings, state: 'warn', words: String(warnings.length), places: warnings });
  if (write)
    list.push({
      name: words.effect,
      state: write.changed === 0 ? 'warn' : 'ok',
      words: write.changed === 0 ? words.nothing : words.changes(write.changed),
    });
  return { list, denied, blocked: list.some((check) => check.state === 'bad') };
}

export type ChecksOf = ReturnType<typeof useChecks>;
