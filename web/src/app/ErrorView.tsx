// What went wrong, in the reader's language, with the request's id, and for a denial what is missing and whom to ask.
import { useQuery } from '@tanstack/react-query';
import { Link, useRouterState } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { meQuery } from '../api/me';
import { ProblemError } from '../api/problem';
import type { Action, Problem } from '../api/schema';
import { type Messages, useT } from '../i18n';
import { Banner } from '../ui/Banner';
import { Button } from '../ui/Button';
import { CopyButton } from '../ui/CopyButton';
import styles from './ErrorView.module.css';

/** An error in one sentence. */
export function inWords(error: unknown, t: Messages): string {
  if (!(error instanceof ProblemError)) return t.problems.broken;
  const words = (t.problems.codes as Record<string, string | undefined>)[error.code];
  if (error.code === 'too_many_requests' && error.retryAfter) return t.problems.retryAfter(error.retryAfter);
  return words ?? error.problem.title ?? t.problems.broken;
}

/** What the server says of a field of a form. */
export function fieldProblem(error: unknown, ...fields: string[]): string | null {
  if (!(error instanceof ProblemError)) return null;
  return error.problem.fields?.find((one) => fields.includes(one.field))?.problem ?? null;
}

interface ErrorViewProps {
  error: unknown;
  retry?: () => void;
  /** Fields whose problems are shown beside them. */
  shown?: string[];
  children?: ReactNode;
}

export function ErrorView({ error, retry, shown = [], children }: ErrorViewProps) {
  const t = useT();
  const here = useRouterState({ select: (state) => state.location.href });
  const problem = error instanceof ProblemError ? error.problem : {};
  const code = error instanceof ProblemError ? error.code : null;
  if (code === 'denied') return <Denied problem={problem} {...(retry && { retry })} more={children} />;
  const fields = problem.fields?.filter((field) => !shown.includes(field.field)) ?? [];
  // Whatever is wrong stands beside its field already.
  if (problem.fields?.length && fields.length === 0) return null;
  return (
    <Banner
      tone={code === 'not_found' ? 'quiet' : 'bad'}
      title={inWords(error, t)}
      actions={
        retry && (
          <Button small onClick={retry}>
            {t.common.retry}
          </Button>
        )
      }
    >
      {problem.detail && <p>{problem.detail}</p>}
      {fields.map((field) => (
        <p key={field.field}>
          <code>{field.field}</code>
          {t.common.colon}
          {field.problem}
          {field.line != null && ` (${t.problems.place(field.line, field.column ?? 1)})`}
        </p>
      ))}
      {code === 'unauthenticated' && (
        <Link to="/login" search={{ next: here }}>
          {t.login.submit}
        </Link>
      )}
      {children}
      <RequestId id={problem.request_id} />
    </Banner>
  );
}

/** What one may not do, who can, and a request to send to them. */
function Denied({
  problem,
  retry,
  more,
}: {
  problem: Partial<Problem>;
  retry?: () => void;
  more: ReactNode;
}) {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const action = problem.action as Action | null | undefined;
  const verb = action ? t.actions[action] : '';
  const store = problem.target == null || problem.target === 'the store';
  const target = store ? t.denied.store : (problem.target ?? '');
  const [environment, namespace, ...key] = store ? [] : target.split('/');
  const question = { tab: 'explain', action: action ?? undefined, environment, namespace };
  return (
    <Banner
      tone="bad"
      title={action ? t.denied.button(verb, store ? '' : target) : t.problems.codes.denied}
      actions={
        <>
          <CopyButton
            text={t.denied.request(me?.user ?? '', verb, target, window.location.href)}
            label={t.denied.copy}
          />
          {retry && (
            <Button small onClick={retry}>
              {t.common.retry}
            </Button>
          )}
        </>
      }
    >
      <dl className={styles.facts}>
        <dt>{t.denied.missing}</dt>
        <dd>
          {verb} <code>{problem.action}</code> · {store ? target : <code>{target}</code>}
        </dd>
        <People title={t.denied.whoCan} names={problem.who_can} />
        <People title={t.denied.whoCanGrant} names={problem.who_can_grant} />
      </dl>
      <Link to="/access" search={{ ...question, key: key.length > 0 ? key.join('/') : undefined }}>
        {t.denied.why}
      </Link>
      {more}
      <RequestId id={problem.request_id} />
    </Banner>
  );
}

function People({ title, names = [] }: { title: string; names: string[] | undefined }) {
  const t = useT();
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {names.length === 0 && t.denied.nobody}
        {names.map((name, nth) => (
          <Fragment key={name}>
            {nth > 0 && ', '}
            <strong className={styles.person}>{name}</strong>
          </Fragment>
        ))}
      </dd>
    </>
  );
}

function RequestId({ id }: { id: string | undefined }) {
  const t = useT();
  if (!id) return null;
  return (
    <p className={styles.request}>
      {t.problems.request} <code>{id}</code>
    </p>
  );
}
