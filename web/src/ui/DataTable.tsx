// A table: on narrow screens each row becomes a block with its columns' names in front.
import { Fragment, type ReactNode } from 'react';
import { classes } from './classes';
import styles from './DataTable.module.css';

export interface Column<Row> {
  /** What stands at its head. */
  head: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  number?: boolean;
  /** Takes what is left of the width. */
  wide?: boolean;
  /** The head is only for screen readers. */
  bare?: boolean;
}

interface DataTableProps<Row> {
  /** What the table is, for screen readers. */
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  /** Marks a row, as the one that is looked at. */
  isCurrent?: (row: Row) => boolean;
  /** What opens below a row. */
  detail?: (row: Row) => ReactNode;
}

export function DataTable<Row>({ label, columns, rows, rowKey, isCurrent, detail }: DataTableProps<Row>) {
  return (
    <div className={styles.frame}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.head}
                scope="col"
                className={classes(column.number && styles.number, column.wide && styles.wide)}
              >
                {column.bare ? <span className="unseen">{column.head}</span> : column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const below = detail?.(row);
            return (
              <Fragment key={rowKey(row)}>
                <tr aria-current={isCurrent?.(row) || undefined}>
                  {columns.map((column) => (
                    <td
                      key={column.head}
                      data-head={column.bare ? undefined : column.head}
                      className={classes(column.number && styles.number, column.wide && styles.rest)}
                    >
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
                {below && (
                  <tr className={styles.detail}>
                    <td colSpan={columns.length}>{below}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
