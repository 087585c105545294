// Where one is logged in, and ending that.

import type { OpenSessionView } from '../../api/schema';
import { useEndSession, useEndSessions, useSessions } from '../../api/sessions';
import { ErrorView } from '../../app/ErrorView';
import { Loaded } from '../../app/Loaded';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { Section } from '../../ui/Section';
import { Time } from '../../ui/Time';
import { tell } from '../../ui/Toast';
import { shortAgent } from './agent';

export function Sessions() {
  const t = useT();
  const sessions = useSessions();
  const end = useEndSession();
  const endOthers = useEndSessions();
  const error = end.error ?? endOthers.error;
  const others = (sessions.data?.length ?? 0) > 1;
  const program = (session: OpenSessionView) =>
    session.agent ? shortAgent(session.agent) : session.browser ? t.account.browser : t.account.program;
  return (
    <Section
      title={t.account.sessions}
      lead={t.account.sessionsLead}
      actions={
        <Button
          id="others"
          small
          disabled={!others}
          busy={endOthers.isPending}
          onClick={() => endOthers.mutate(undefined, { onSuccess: () => tell(t.account.othersEnded) })}
        >
          {t.account.others}
        </Button>
      }
    >
      {error && <ErrorView error={error} />}
      <div id="sessions">
        <Loaded query={sessions}>
          {(list) => (
            <DataTable
              label={t.account.sessions}
              rows={list}
              rowKey={(session) => session.id}
              columns={[
                {
                  head: t.account.with,
                  cell: (session) => (
                    <span title={session.agent ?? undefined}>
                      {program(session)} {session.current && <Badge tone="accent">{t.account.current}</Badge>}
                    </span>
                  ),
                },
                {
                  head: t.account.from,
                  cell: (session) => session.address && <code>{session.address}</code>,
                },
                { head: t.account.opened, cell: (session) => <Time at={session.created_at} /> },
                {
                  head: t.account.used,
                  cell: (session) => session.last_used_at && <Time at={session.last_used_at} />,
                },
                {
                  head: t.account.ends,
                  cell: (session) => session.expires_at && <Time at={session.expires_at} exact />,
                },
                {
                  head: t.common.actions,
                  bare: true,
                  cell: (session) =>
                    !session.current && (
                      <Button
                        small
                        busy={end.isPending && end.variables === session.id}
                        disabled={end.isPending}
                        aria-label={t.account.endOne(program(session))}
                        onClick={() => end.mutate(session.id, { onSuccess: () => tell(t.account.ended) })}
                      >
                        {t.account.end}
                      </Button>
                    ),
                },
              ]}
            />
          )}
        </Loaded>
      </div>
    </Section>
  );
}
