// What went wrong, in the reader's language, with the request's id, and for a denial what is missing and whom to ask.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ProblemError } from '../api/problem';
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

export function ErrorView({
  error,
  retry,
  children,
}: {
  error: unknown;
  retry?: () => void;
  children?: ReactNode;
}) {
  const t = useT();
  const problem = error instanceof ProblemError ? error.problem : {};
  const denied = error instanceof ProblemError && error.code === 'denied';
  const request = problem.request_id;
  return (
    <Banner
      tone={error instanceof ProblemError && error.code === 'not_found' ? 'quiet' : 'bad'}
      title={inWords(error, t)}
      actions={
        <>
          {denied && (
            <CopyButton
              text={t.denied.request(problem.action ?? '', problem.target ?? '')}
              label={t.denied.copy}
            />
          )}
          {retry && (
            <Button small onClick={retry}>
              {t.common.retry}
            </Button>
          )}
        </>
      }
    >
      {denied ? (
        <dl className={styles.facts}>
          <dt>{t.denied.missing}</dt>
          <dd>
            <code>{problem.action}</code> {problem.target && <code>{problem.target}</code>}
          </dd>
          <People title={t.denied.whoCan} names={problem.who_can} />
          <People title={t.denied.whoCanGrant} names={problem.who_can_grant} />
        </dl>
      ) : (
        problem.detail && <p>{problem.detail}</p>
      )}
      {problem.fields?.map((field) => (
        <p key={field.field}>
          <code>{field.field}</code>: {field.problem}
          {field.line != null && ` (${t.problems.place(field.line, field.column ?? 1)})`}
        </p>
      ))}
      {error instanceof ProblemError && error.code === 'unauthenticated' && (
        <Link to="/login">{t.login.submit}</Link>
      )}
      {children}
      {request && (
        <p className={styles.request}>
          {t.problems.request} <code>{request}</code>
        </p>
      )}
    </Banner>
  );
}

function People({ title, names }: { title: string; names: string[] | undefined }) {
  if (!names?.length) return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>{names.join(', ')}</dd>
    </>
  );
}
