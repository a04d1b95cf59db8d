import { useState } from 'react';
import { Link } from 'wouter';
import { Button, IconButton } from '../../components/button.tsx';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/status.tsx';
import { toast } from '../../components/toast.ts';
import type { Policy, TablePolicies } from '../../data/catalogue.ts';
import { enableRls } from '../../data/change-tables.ts';
import type { Change } from '../../data/run-sql.tsx';
import { policies as texts } from '../../texts/en/policies.ts';
import { tablePath } from '../tables/paths.ts';
import { dropPolicy } from './policy-sql.ts';
import { TryAs } from './try-as-dialog.tsx';
import styles from './policies.module.css';

interface TablePoliciesProps {
  readonly project: string;
  readonly table: TablePolicies;
  /** null: a new one */
  readonly onEdit: (policy: Policy | null) => void;
  readonly onChange: (change: Change) => void;
}

/** The policies of one table, and whether anything keeps them. */
export function TablePoliciesSection({ project, table, onEdit, onChange }: TablePoliciesProps) {
  const [trying, setTrying] = useState(false);
  const name = `${table.schema}.${table.name}`;
  const enable = () =>
    onChange({
      title: texts.enable,
      description: texts.enableWords,
      action: texts.enable,
      sql: enableRls(table.schema, table.name),
      done: () => toast.done(texts.done),
    });
  const drop = (policy: Policy) =>
    onChange({
      title: texts.dropTitle(policy.name),
      description: texts.dropWords,
      action: texts.drop,
      danger: true,
      sql: dropPolicy({ schema: table.schema, table: table.name }, policy.name),
      done: () => toast.done(texts.dropped(policy.name)),
    });
  return (
    <section className={styles['table']} aria-label={name}>
      <header className={styles['header']}>
        <h2>
          <Link href={tablePath(project, table)}>{name}</Link>
        </h2>
        <span className={styles['buttons']}>
          <Button small look="quiet" icon="play" onClick={() => setTrying(true)}>
            {texts.run}
          </Button>
          <Button small icon="plus" onClick={() => onEdit(null)}>
            {texts.newPolicy}
          </Button>
        </span>
      </header>
      {!table.rls && (
        <Notice
          tone="warn"
          title={texts.rlsOff}
          action={
            <Button small onClick={enable}>
              {texts.enable}
            </Button>
          }
        >
          {table.policies.length > 0 ? texts.rlsOffWords : texts.rlsOffNone}
        </Notice>
      )}
      {table.policies.length === 0 ? (
        table.rls && <p className={styles['note']}>{texts.none}</p>
      ) : (
        <ul className={styles['list']}>
          {table.policies.map((policy) => (
            <PolicyLine
              key={policy.name}
              policy={policy}
              onEdit={() => onEdit(policy)}
              onDrop={() => drop(policy)}
            />
          ))}
        </ul>
      )}
      {trying && <TryAs project={project} table={table} onClose={() => setTrying(false)} />}
    </section>
  );
}

interface PolicyLineProps {
  readonly policy: Policy;
  readonly onEdit: () => void;
  readonly onDrop: () => void;
}

function PolicyLine({ policy, onEdit, onDrop }: PolicyLineProps) {
  const { name, command, roles, permissive, using, check } = policy;
  return (
    <li className={styles['policy']}>
      <div className={styles['words']}>
        <div className={styles['line']}>
          <strong>{name}</strong>
          <Badge tone="busy">{command}</Badge>
          {roles.map((role) => (
            <Badge key={role}>{role === 'public' ? texts.everybody : role}</Badge>
          ))}
          {!permissive && <Badge tone="warn">{texts.restrictiveShort}</Badge>}
        </div>
        {using !== null && (
          <div className={styles['condition']}>
            USING <code>{using}</code>
          </div>
        )}
        {check !== null && (
          <div className={styles['condition']}>
            WITH CHECK <code>{check}</code>
          </div>
        )}
      </div>
      <Menu trigger={<IconButton small icon="more" label={texts.actions(name)} />}>
        <MenuItem icon="edit" onSelect={onEdit}>
          {texts.edit}
        </MenuItem>
        <MenuItem icon="trash" danger onSelect={onDrop}>
          {texts.drop}
        </MenuItem>
      </Menu>
    </li>
  );
}
