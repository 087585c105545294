// Goes anywhere: one field, and a list that arrows move through (the combobox pattern). Focus stays in the field.
import { Link, useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { Fragment, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useT } from '../i18n';
import { EnvTag } from '../ui/EnvTag';
import styles from './Palette.module.css';
import { choose, type Item } from './paletteItems';
import { usePaletteItems } from './usePaletteItems';

export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useT().palette;
  const navigate = useNavigate();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const { items, isSearching } = usePaletteItems(typed);
  const shown = choose(typed, items);
  // Results may come and go below the choice.
  const at = Math.min(chosen, Math.max(0, shown.length - 1));

  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, at]);

  const take = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    if (item.link) void navigate(item.link);
    else item.act?.();
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || shown.length === 0) return;
    const next = {
      ArrowDown: (at + 1) % shown.length,
      ArrowUp: (at - 1 + shown.length) % shown.length,
      PageDown: Math.min(at + 8, shown.length - 1),
      PageUp: Math.max(at - 8, 0),
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setChosen(next);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(shown[at]);
    }
  };

  return (
    <dialog
      ref={dialog}
      className={styles.palette}
      aria-label={t.title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={styles.field}>
        <Search aria-hidden />
        <input
          autoFocus
          role="combobox"
          aria-label={t.title}
          aria-expanded
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={shown.length > 0 ? `${id}-${at}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={t.placeholder}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setChosen(0);
          }}
          onKeyDown={press}
        />
      </div>
      <div id={`${id}-list`} role="listbox" aria-label={t.results} className={styles.list}>
        {shown.map((item, nth) => (
          <Fragment key={item.id}>
            {item.group !== shown[nth - 1]?.group && (
              <div role="presentation" className={styles.group}>
                {t.groups[item.group]}
              </div>
            )}
            <Option id={`${id}-${nth}`} item={item} isChosen={nth === at} take={take} />
          </Fragment>
        ))}
      </div>
      <p role="status" className={styles.status}>
        {shown.length === 0 && !isSearching ? t.none : t.count(shown.length)}
      </p>
      <p aria-hidden className={styles.keys}>
        <kbd>↑</kbd>
        <kbd>↓</kbd> {t.hint} <kbd>Enter</kbd> {t.open} <kbd>Esc</kbd> {t.close}
      </p>
    </dialog>
  );
}

function Option({
  id,
  item,
  isChosen,
  take,
}: {
  id: string;
  item: Item;
  isChosen: boolean;
  take: (item: Item) => void;
}) {
  const { label, icon: Icon, env, tier, link } = item;
  const attributes = {
    id,
    role: 'option',
    'aria-selected': isChosen,
    tabIndex: -1,
    className: styles.option,
  };
  const words = (
    <>
      {Icon && <Icon aria-hidden />}
      {env !== undefined && <EnvTag name={env} tier={tier} />}
      {!(item.group === 'environments') && <span className={styles.label}>{label}</span>}
    </>
  );
  if (!link)
    return (
      <button type="button" {...attributes} onClick={() => take(item)}>
        {words}
      </button>
    );
  return (
    <Link
      {...link}
      {...attributes}
      onClick={(event) => {
        // With a key held, the browser opens it elsewhere.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        take(item);
      }}
    >
      {words}
    </Link>
  );
}
