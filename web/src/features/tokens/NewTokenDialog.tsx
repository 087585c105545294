// Makes a token, and shows its secret this once.
import { useState } from 'react';
import { useCreateToken } from '../../api/tokens';
import { ErrorView, fieldProblem } from '../../app/ErrorView';
import { isPlace } from '../../app/PlaceFields';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Select, TextField } from '../../ui/Field';
import { Form, Group } from '../../ui/Form';
import { ScopeItemFields } from './ScopeItemFields';
import { SecretDialog } from './SecretDialog';
import { type ScopeFields, scopeFields, toItem } from './scope';
import styles from './TokensPage.module.css';

const DAYS = [7, 30, 90, 180, 366];

export function NewTokenDialog({ user, onClose }: { user: string | undefined; onClose: () => void }) {
  const t = useT();
  const create = useCreateToken();
  const [name, setName] = useState('');
  const [days, setDays] = useState(90);
  const [items, setItems] = useState<ScopeFields[] | null>(null);
  const [tried, setTried] = useState(false);
  if (create.data)
    return <SecretDialog name={create.data.name} secret={create.data.token} onClose={onClose} />;

  const badName = name.trim() === '' || name.length > 100;
  const submit = () => {
    setTried(true);
    const bad = items?.some(
      (item) => !isPlace(item.part) || (item.by === 'actions' && item.actions.length === 0),
    );
    if (badName || bad) return;
    create.mutate({
      name: name.trim(),
      expires_in_days: days,
      ...(user !== undefined && { user }),
      ...(items && { scope: items.map(toItem) }),
    });
  };
  const replace = (changed: ScopeFields) =>
    setItems(items?.map((item) => (item.id === changed.id ? changed : item)) ?? null);
  return (
    <Dialog wide title={t.tokens.createTitle} onClose={onClose}>
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" kind="primary" busy={create.isPending}>
              {t.common.create}
            </Button>
          </>
        }
      >
        <TextField
          label={t.tokens.name}
          help={t.tokens.nameHelp}
          problem={tried && badName ? t.tokens.nameProblem : fieldProblem(create.error, 'name')}
          value={name}
          maxLength={100}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
        />
        <Select
          label={t.tokens.days}
          problem={fieldProblem(create.error, 'expires_in_days')}
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        >
          {DAYS.map((one) => (
            <option key={one} value={one}>
              {t.tokens.daysOf(one)}
            </option>
          ))}
        </Select>
        <Group legend={t.tokens.limit}>
          <div className={styles.choices}>
            <label className={styles.choice}>
              <input type="radio" name="limit" checked={items === null} onChange={() => setItems(null)} />
              {user === undefined ? t.tokens.all : t.tokens.allOf(user)}
            </label>
            <label className={styles.choice}>
              <input
                type="radio"
                name="limit"
                checked={items !== null}
                onChange={() => setItems([scopeFields()])}
              />
              {t.tokens.only}
            </label>
          </div>
          {items?.map((item, nth) => (
            <ScopeItemFields
              key={item.id}
              nth={nth}
              item={item}
              own={user === undefined}
              tried={tried}
              problem={(field) => fieldProblem(create.error, `scope[${nth}].${field}`)}
              onChange={replace}
              onRemove={items.length > 1 ? () => setItems(items.filter((one) => one.id !== item.id)) : null}
            />
          ))}
          {items && (
            <>
              <div>
                <Button
                  small
                  disabled={items.length >= 50}
                  onClick={() => setItems([...items, scopeFields()])}
                >
                  {t.tokens.addItem}
                </Button>
              </div>
              <p className={styles.hint}>{t.tokens.within}</p>
            </>
          )}
        </Group>
        {create.error && (
          <ErrorView
            error={create.error}
            shown={[
              'name',
              'expires_in_days',
              ...(items ?? []).flatMap((_, nth) =>
                ['role', 'actions', 'environment', 'namespace', 'key_prefix'].map(
                  (field) => `scope[${nth}].${field}`,
                ),
              ),
            ]}
          />
        )}
      </Form>
    </Dialog>
  );
}
