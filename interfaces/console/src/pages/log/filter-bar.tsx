import { useState } from 'react';
import { useSession } from '../../api/session.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Combobox } from '../../components/combobox.tsx';
import { TextField } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import { log as texts } from '../../texts/en/log.ts';
import { EVENT_TYPES, typeText } from './event-types.ts';
import { localText, timeOfLocal } from './local-time.ts';
import { isFiltered, SPANS, EVERYTHING, type LogFilter } from './log-filter.ts';
import styles from './log.module.css';

interface FilterBarProps {
  readonly filter: LogFilter;
  readonly onChange: (filter: LogFilter) => void;
}

const ACTOR_KINDS = ['owner', 'token', 'operator', 'process', 'system'] as const;
const TYPES = EVENT_TYPES.map((type) => ({ value: type as string, label: typeText(type) }));

export function FilterBar({ filter, onChange }: FilterBarProps) {
  const hasBounds = filter.since !== '' || filter.until !== '';
  const [between, setBetween] = useState(hasBounds);
  const isBetween = between || hasBounds;
  const change = (some: Partial<LogFilter>) => onChange({ ...filter, ...some });
  const known = TYPES.some(({ value }) => value === filter.type) || filter.type === '';
  return (
    <>
      <div className={styles['filters']} role="search">
        <Combobox
          label={texts.type}
          placeholder={texts.anyType}
          options={known ? TYPES : [{ value: filter.type, label: filter.type }, ...TYPES]}
          value={filter.type === '' ? null : filter.type}
          onValueChange={(type) => change({ type: type ?? '' })}
        />
        <ActorSelect filter={filter} onChange={(actor) => change({ actor })} />
        <Select
          label={texts.when}
          value={isBetween ? 'between' : filter.span}
          options={[
            ...SPANS.map((span) => ({ value: span as string, label: texts.spans[span] })),
            { value: 'between', label: texts.between },
          ]}
          onValueChange={(chosen) => {
            setBetween(chosen === 'between');
            const span = SPANS.find((one) => one === chosen) ?? 'any';
            change({ span, since: '', until: '' });
          }}
        />
        <Button
          look="quiet"
          disabled={!isFiltered(filter) && !isBetween}
          onClick={() => {
            setBetween(false);
            onChange(EVERYTHING);
          }}
        >
          {texts.clear}
        </Button>
      </div>
      {isBetween && (
        <div className={styles['bounds']}>
          <Bound
            label={texts.since}
            value={filter.since}
            onChange={(since) => change({ since, span: 'any' })}
          />
          <Bound
            label={texts.until}
            value={filter.until}
            onChange={(until) => change({ until, span: 'any' })}
          />
        </div>
      )}
      {filter.correlation !== '' && (
        <p className={styles['chip']}>
          {texts.correlated}
          <IconButton icon="close" label={texts.clear} small onClick={() => change({ correlation: '' })} />
        </p>
      )}
    </>
  );
}

function ActorSelect({
  filter,
  onChange,
}: {
  readonly filter: LogFilter;
  readonly onChange: (actor: string) => void;
}) {
  const self = useSession().data?.owner_id;
  const kinds = ACTOR_KINDS.map((kind) => ({ value: kind as string, label: texts.kinds[kind] }));
  const options = [
    { value: '', label: texts.anybody },
    ...(self === undefined ? [] : [{ value: self, label: texts.you }]),
    ...kinds,
  ];
  const known = options.some(({ value }) => value === filter.actor);
  return (
    <Select
      label={texts.actor}
      options={known ? options : [...options, { value: filter.actor, label: texts.only(filter.actor) }]}
      value={filter.actor}
      onValueChange={onChange}
    />
  );
}

interface BoundProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Bound({ label, value, onChange }: BoundProps) {
  return (
    <TextField
      label={label}
      type="datetime-local"
      step={1}
      value={localText(value)}
      onValueChange={(text: string) => onChange(timeOfLocal(text))}
    />
  );
}
