// A question about rights: what is to be done and where, and for one user also who. It is kept in the address.
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useId } from 'react';
import { environmentsQuery } from '../../api/environments';
import { actionNames } from '../../api/grants';
import type { Action } from '../../api/schema';
import { useUsers } from '../../api/users';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Select, TextField } from '../../ui/Field';
import { Form, Row } from '../../ui/Form';

export interface Question {
  action: Action;
  environment?: string;
  namespace?: string;
  key?: string;
}

/** The question of the address; nothing as long as none was asked. */
export function useQuestion(): Question | null {
  const search = useSearch({ strict: false });
  const action = actionNames.find((name) => name === search.action);
  if (action === undefined) return null;
  const { environment, namespace, key } = search;
  return {
    action,
    ...(environment && { environment }),
    ...(environment && namespace && { namespace }),
    ...(environment && namespace && key && { key }),
  };
}

export function QuestionForm({ tab, who, busy }: { tab: string; who?: boolean; busy: boolean }) {
  const t = useT();
  const navigate = useNavigate();
  const lists = useId();
  const search = useSearch({ strict: false });
  const { data: environments = [] } = useQuery(environmentsQuery);
  const denied = useDenied('administer');
  const { data: users } = useUsers(Boolean(who) && denied === null);
  const submit = (fields: FormData) => {
    const given = [...fields.entries()].filter(([, value]) => value !== '');
    const asked = Object.fromEntries(given.map(([name, value]) => [name, String(value).trim()]));
    if (asked.who && !/^(user|token):/.test(asked.who)) asked.who = `user:${asked.who}`;
    void navigate({ to: '/access', search: { tab, ...asked } });
  };
  const plain = { autoComplete: 'off', autoCapitalize: 'none', spellCheck: false };
  return (
    <Form
      key={JSON.stringify(search)}
      onSubmit={submit}
      actions={
        <Button type="submit" kind="primary" busy={busy}>
          {t.access.explain.ask}
        </Button>
      }
    >
      <Row>
        {who && (
          <TextField
            {...plain}
            name="who"
            label={t.access.explain.who}
            help={t.access.explain.whoHelp}
            defaultValue={search.who?.replace(/^user:/, '') ?? ''}
            list={`${lists}-users`}
          />
        )}
        <Select name="action" label={t.access.explain.action} defaultValue={search.action ?? 'publish'}>
          {actionNames.map((action) => (
            <option key={action} value={action}>
              {t.actions[action]}
            </option>
          ))}
        </Select>
        <TextField
          {...plain}
          name="environment"
          label={t.access.explain.environment}
          help={t.access.explain.environmentHelp}
          defaultValue={search.environment ?? ''}
          list={`${lists}-environments`}
        />
        <TextField
          {...plain}
          name="namespace"
          label={t.access.explain.namespace}
          help={t.access.explain.namespaceHelp}
          defaultValue={search.namespace ?? ''}
        />
        <TextField
          {...plain}
          name="key"
          label={t.access.explain.key}
          help={t.access.explain.keyHelp}
          defaultValue={search.key ?? ''}
        />
      </Row>
      <datalist id={`${lists}-users`}>
        {users?.map((user) => (
          <option key={user.name} value={user.name} />
        ))}
      </datalist>
      <datalist id={`${lists}-environments`}>
        {environments.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </Form>
  );
}
