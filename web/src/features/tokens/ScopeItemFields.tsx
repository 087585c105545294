// One part of a token's scope: a role or single actions, and where.
import { useQuery } from '@tanstack/react-query';
import { actionNames, roleActions, roleNames } from '../../api/grants';
import { meQuery } from '../../api/me';
import type { Action, Role } from '../../api/schema';
import { PlaceFields } from '../../app/PlaceFields';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Checkbox, Select } from '../../ui/Field';
import { Group, Row } from '../../ui/Form';
import type { ScopeFields } from './scope';
import styles from './TokensPage.module.css';

interface ScopeItemFieldsProps {
  nth: number;
  item: ScopeFields;
  /** Whether the token is the caller's own, so that what it holds is known here. */
  own: boolean;
  tried: boolean;
  problem: (field: string) => string | null;
  onChange: (item: ScopeFields) => void;
  onRemove: (() => void) | null;
}

export function ScopeItemFields({
  nth,
  item,
  own,
  tried,
  problem,
  onChange,
  onRemove,
}: ScopeItemFieldsProps) {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const held = (action: Action) => !own || !me || me.effective.some((part) => part.actions.includes(action));
  const toggle = (action: Action, chosen: boolean) =>
    onChange({
      ...item,
      actions: actionNames.filter((one) => (one === action ? chosen : item.actions.includes(one))),
    });
  const wrong = problem('actions') ?? (tried && item.actions.length === 0 ? t.tokens.noActions : null);
  return (
    <Group boxed legend={t.tokens.item(nth + 1)}>
      <Row>
        <Select
          label={t.tokens.by}
          value={item.by}
          onChange={(event) => onChange({ ...item, by: event.target.value as ScopeFields['by'] })}
        >
          <option value="role">{t.tokens.byRole}</option>
          <option value="actions">{t.tokens.byActions}</option>
        </Select>
        {item.by === 'role' && (
          <Select
            label={t.access.role}
            help={roleActions[item.role].map((action) => t.actions[action]).join(' · ')}
            problem={problem('role')}
            value={item.role}
            onChange={(event) => onChange({ ...item, role: event.target.value as Role })}
          >
            {roleNames.map((role) => (
              <option key={role} value={role} disabled={!roleActions[role].some(held)}>
                {t.roles[role]}
              </option>
            ))}
          </Select>
        )}
      </Row>
      {item.by === 'actions' && (
        <>
          <div className={styles.actions}>
            {actionNames.map((action) => (
              <Checkbox
                key={action}
                label={held(action) ? t.actions[action] : t.common.noted(t.actions[action], t.tokens.notHeld)}
                checked={item.actions.includes(action)}
                disabled={!held(action)}
                onChange={(event) => toggle(action, event.target.checked)}
              />
            ))}
          </div>
          {wrong && (
            <p role="alert" className={styles.problem}>
              {wrong}
            </p>
          )}
        </>
      )}
      <PlaceFields part={item.part} onChange={(part) => onChange({ ...item, part })} problem={problem} />
      {onRemove && (
        <Button small className={styles.remove} aria-label={t.tokens.removeItem(nth + 1)} onClick={onRemove}>
          {t.common.remove}
        </Button>
      )}
    </Group>
  );
}
