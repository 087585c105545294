// Makes or changes a login provider.
import { useState } from 'react';
import { base } from '../../api/client';
import { usePutProvider } from '../../api/providers';
import type { ProviderView } from '../../api/schema';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { isName } from '../../lib/names';
import { Button } from '../../ui/Button';
import { CopyButton } from '../../ui/CopyButton';
import { Dialog } from '../../ui/Dialog';
import { TextArea, TextField } from '../../ui/Field';
import { Form, Row } from '../../ui/Form';
import { tell } from '../../ui/Toast';
import { fromLines, toLines, words } from './pairs';
import styles from './Tab.module.css';

const SHOWN = [
  'provider',
  'issuer',
  'client_id',
  'client_secret',
  'scopes',
  'name_claim',
  'groups_claim',
  'groups',
];

export function ProviderDialog({
  provider,
  onClose,
}: {
  provider: ProviderView | null;
  onClose: () => void;
}) {
  const t = useT();
  const put = usePutProvider();
  const [name, setName] = useState(provider?.name ?? '');
  const [badName, setBadName] = useState(false);
  const [badLine, setBadLine] = useState<number | null>(null);
  const submit = (fields: FormData) => {
    const text = (field: string) => String(fields.get(field) ?? '').trim();
    const groups = fromLines(text('groups'));
    setBadName(!isName(name));
    setBadLine('bad' in groups ? groups.bad : null);
    if (!isName(name) || 'bad' in groups) return;
    const secret = String(fields.get('client_secret') ?? '');
    put.mutate(
      {
        name,
        body: {
          issuer: text('issuer'),
          client_id: text('client_id'),
          scopes: words(text('scopes')),
          groups: groups.pairs,
          groups_claim: text('groups_claim') || null,
          ...(text('name_claim') && { name_claim: text('name_claim') }),
          ...(secret && { client_secret: secret }),
        },
      },
      {
        onSuccess: () => {
          tell(t.access.providers.saved(name));
          onClose();
        },
      },
    );
  };
  const problem = (field: string) => fieldProblem(put.error, field);
  const callback = `${window.location.origin}${base}/api/v1/session/oidc/${name}/callback`;
  return (
    <Dialog
      title={provider ? t.access.providers.edit(provider.name) : t.access.providers.add}
      onClose={onClose}
    >
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="primary" busy={put.isPending}>
              {t.common.save}
            </Button>
          </>
        }
      >
        {provider === null && (
          <TextField
            label={t.common.name}
            help={t.access.providers.nameHelp}
            problem={badName ? t.access.users.badName : problem('provider')}
            value={name}
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <TextField
          name="issuer"
          type="url"
          label={t.access.providers.issuer}
          help={t.access.providers.issuerHelp}
          problem={problem('issuer')}
          defaultValue={provider?.issuer ?? ''}
          placeholder="https://login.example.com"
        />
        <Row>
          <TextField
            name="client_id"
            label={t.access.providers.clientId}
            problem={problem('client_id')}
            defaultValue={provider?.client_id ?? ''}
          />
          <TextField
            name="client_secret"
            type="password"
            label={t.access.providers.secret}
            help={provider?.has_secret ? t.access.providers.secretKept : undefined}
            problem={problem('client_secret')}
            autoComplete="off"
          />
        </Row>
        <TextField
          name="scopes"
          label={t.access.providers.scopes}
          help={t.access.providers.scopesHelp}
          problem={problem('scopes')}
          defaultValue={provider?.scopes?.join(' ') ?? 'profile'}
        />
        <Row>
          <TextField
            name="name_claim"
            label={t.access.providers.nameClaim}
            problem={problem('name_claim')}
            defaultValue={provider?.name_claim ?? 'preferred_username'}
          />
          <TextField
            name="groups_claim"
            label={t.access.providers.groupsClaim}
            problem={problem('groups_claim')}
            defaultValue={provider?.groups_claim ?? ''}
          />
        </Row>
        <TextArea
          name="groups"
          label={t.access.providers.groups}
          help={t.access.providers.groupsHelp}
          problem={badLine === null ? problem('groups') : t.access.providers.badLine(badLine)}
          defaultValue={toLines(provider?.groups)}
          spellCheck={false}
        />
        {isName(name) && (
          <div className={styles.line}>
            {t.access.providers.callback}
            {t.common.colon}
            <code>{callback}</code> <CopyButton text={callback} />
          </div>
        )}
        {put.error && <ErrorView error={put.error} shown={SHOWN} />}
      </Form>
    </Dialog>
  );
}
