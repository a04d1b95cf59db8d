import { useQuery } from '@tanstack/react-query';
import { api, dataOf, type Project } from '../../api/api.ts';
import type { PlannedCommand } from '../../api/command-plan.ts';
import { why as texts } from '../../texts/en/plan.ts';
import { RelativeTime } from '../amounts.tsx';
import { Button } from '../button.tsx';
import { Notice } from '../notice.tsx';
import styles from './why.module.css';

interface WhyProps {
  readonly project: Pick<Project, 'id' | 'revision' | 'status'>;
  /** what the button asks for */
  readonly onHelp: (command: PlannedCommand) => void;
  /** tries the step now that failed */
  readonly onRetry: () => void;
  readonly retrying: boolean;
}

/** Why a project is as it is, in plain words, with the button that helps, where the owner has one. */
export function Why({ project: { id, revision, status }, onHelp, onRetry, retrying }: WhyProps) {
  const { data: why } = useQuery({
    queryKey: ['project', id, 'why', revision],
    queryFn: ({ signal }) => dataOf(api.GET('/api/projects/{id}/why', { params: { path: { id } }, signal })),
    placeholderData: (before) => before,
  });
  if (!why) return null;
  const { summary, advice, helps, waits_for: waits, chain } = why;
  const isBad = status === 'failed' || status === 'suspended';
  return (
    <Notice
      tone={isBad ? 'bad' : waits || status === 'deleted' ? 'warn' : 'calm'}
      title={summary}
      {...(helps !== null && {
        action:
          helps === 'retry' ? (
            <Button icon="refresh" busy={retrying} onClick={onRetry}>
              {texts.action.retry}
            </Button>
          ) : (
            <Button onClick={() => onHelp(helps)}>{texts.action[helps]}</Button>
          ),
      })}
    >
      <div className={styles['why']}>
        {waits && (
          <p>
            {texts.waits} <code>{waits.step}</code> ({texts.tries(waits.attempts)}
            {waits.until !== null && (
              <>
                , <RelativeTime at={waits.until} />
              </>
            )}
            ): {waits.reason}
          </p>
        )}
        {advice !== null && (
          <p>
            {texts.helps}: {advice}
          </p>
        )}
        {isBad && (
          <details>
            <summary>{texts.chain}</summary>
            <ol className={styles['chain']}>
              {chain.slice(-MOST_LINKS).map(({ revision: key, at, text }) => (
                <li key={key}>
                  <RelativeTime at={at} /> {text}
                </li>
              ))}
            </ol>
          </details>
        )}
      </div>
    </Notice>
  );
}

const MOST_LINKS = 12;
