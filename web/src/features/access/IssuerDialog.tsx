// Trusts an issuer, or changes how far.
import { useState } from 'react';
import { usePutIssuer } from '../../api/issuers';
import type { IssuerView } from '../../api/schema';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { isName } from '../../lib/names';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextArea, TextField } from '../../ui/Field';
import { Form, Group } from '../../ui/Form';
import { tell } from '../../ui/Toast';
import { keysOf, type RuleFields, ruleFields, rulesOf } from './issuerForm';
import styles from './Tab.module.css';

const SHOWN = ['name', 'issuer', 'audience', 'keys_url', 'keys'];

export function IssuerDialog({ issuer, onClose }: { issuer: IssuerView | null; onClose: () => void }) {
  const t = useT();
  const put = usePutIssuer();
  const [name, setName] = useState(issuer?.name ?? '');
  const [rules, setRules] = useState(() => issuer?.rules.map((rule) => ruleFields(rule)) ?? [ruleFields()]);
  const [badName, setBadName] = useState(false);
  const [badKeys, setBadKeys] = useState(false);
  const [bad, setBad] = useState(new Map<number, number>());
  const submit = (fields: FormData) => {
    const text = (field: string) => String(fields.get(field) ?? '').trim();
    const parsed = rulesOf(rules);
    const keys = keysOf(text('keys'));
    setBadName(!isName(name));
    setBadKeys(keys === 'bad');
    setBad(parsed.bad);
    if (!isName(name) || keys === 'bad' || parsed.bad.size > 0) return;
    const body = {
      issuer: text('issuer'),
      audience: text('audience'),
      keys_url: text('keys_url') || null,
      keys: keys ?? null,
      rules: parsed.rules,
    };
    put.mutate(
      { name, body },
      {
        onSuccess: () => {
          tell(t.access.issuers.saved(name));
          onClose();
        },
      },
    );
  };
  const change = (id: number, fields: Partial<RuleFields>) =>
    setRules(rules.map((rule) => (rule.id === id ? { ...rule, ...fields } : rule)));
  const problem = (field: string) => fieldProblem(put.error, field);
  return (
    <Dialog wide title={issuer ? t.access.issuers.edit(issuer.name) : t.access.issuers.add} onClose={onClose}>
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
        {issuer === null && (
          <TextField
            label={t.common.name}
            problem={badName ? t.access.users.badName : problem('name')}
            value={name}
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <TextField
          name="issuer"
          label={t.access.issuers.issuer}
          help={t.access.issuers.issuerHelp}
          problem={problem('issuer')}
          defaultValue={issuer?.issuer ?? ''}
        />
        <TextField
          name="audience"
          label={t.access.issuers.audience}
          help={t.access.issuers.audienceHelp}
          problem={problem('audience')}
          defaultValue={issuer?.audience ?? 'pintle'}
        />
        <TextField
          name="keys_url"
          label={t.access.issuers.keysUrl}
          help={t.access.issuers.keysUrlHelp}
          problem={problem('keys_url')}
          defaultValue={issuer?.keys_url ?? ''}
        />
        <TextArea
          name="keys"
          label={t.access.issuers.keys}
          help={t.access.issuers.keysHelp}
          problem={badKeys ? t.access.issuers.badKeys : problem('keys')}
          defaultValue={issuer?.keys ? JSON.stringify(issuer.keys, null, 2) : ''}
          spellCheck={false}
        />
        <p>{t.access.issuers.rulesHint}</p>
        {rules.map((rule, nth) => (
          <Group key={rule.id} boxed legend={t.access.issuers.rule(nth + 1)}>
            <TextArea
              label={t.access.issuers.claims}
              help={t.access.issuers.claimsHelp}
              problem={
                bad.has(nth) ? t.access.issuers.badLine(bad.get(nth) ?? 1) : problem(`rules[${nth}].claims`)
              }
              value={rule.claims}
              spellCheck={false}
              onChange={(event) => change(rule.id, { claims: event.target.value })}
            />
            <TextField
              label={t.access.issuers.user}
              help={t.access.issuers.userHelp}
              problem={problem(`rules[${nth}].user`)}
              value={rule.user}
              onChange={(event) => change(rule.id, { user: event.target.value })}
            />
            <TextField
              label={t.access.issuers.ruleGroups}
              help={t.access.issuers.ruleGroupsHelp}
              problem={problem(`rules[${nth}].groups`)}
              value={rule.groups}
              onChange={(event) => change(rule.id, { groups: event.target.value })}
            />
            {rules.length > 1 && (
              <Button
                small
                className={styles.remove}
                aria-label={t.access.issuers.removeRule(nth + 1)}
                onClick={() => setRules(rules.filter((one) => one.id !== rule.id))}
              >
                {t.common.remove}
              </Button>
            )}
          </Group>
        ))}
        <div>
          <Button small onClick={() => setRules([...rules, ruleFields()])}>
            {t.access.issuers.addRule}
          </Button>
        </div>
        {put.error && <ErrorView error={put.error} shown={SHOWN} />}
      </Form>
    </Dialog>
  );
}
