import type { TableSummary } from '../../data/catalogue.ts';
import { exposureOf, isDangerous, type Exposure } from '../../data/exposure.ts';
import { Icon } from '../../components/icon.tsx';
import { Badge, type Tone } from '../../components/status.tsx';
import { Tooltip } from '../../components/tooltip.tsx';
import { tables as texts } from '../../texts/en/tables.ts';

const TONES: Readonly<Record<Exposure, Tone>> = {
  closed: 'calm',
  open: 'bad',
  'policies-off': 'bad',
  'view-past-policies': 'bad',
  'no-policies': 'calm',
  'by-policies': 'good',
};

interface ExposureBadgeProps {
  readonly table: TableSummary;
  readonly schemas: readonly string[];
}

/** Who reaches the table by the REST API, with the reason for who points at it. */
export function ExposureBadge({ table, schemas }: ExposureBadgeProps) {
  const exposure = exposureOf(table, schemas);
  return (
    <Tooltip words={texts.exposureWhy[exposure]}>
      <span>
        <Badge tone={TONES[exposure]}>
          {isDangerous(exposure) && <Icon name="warning" size={12} />} {texts.exposure[exposure]}
          <span className="aside">{texts.exposureWhy[exposure]}</span>
        </Badge>
      </span>
    </Tooltip>
  );
}
