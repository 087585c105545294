// Names with what they stand for, such as the attributes of a thing.
import { Fragment, type ReactNode } from 'react';
import styles from './Facts.module.css';

export function Facts({ facts }: { facts: [name: string, value: ReactNode][] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
