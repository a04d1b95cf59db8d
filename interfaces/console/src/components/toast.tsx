import { Toast } from '@base-ui/react/toast';
import { ApiProblem } from '../api/problem.ts';
import { components as texts } from '../texts/en/components.ts';
import { IconButton } from './button.tsx';
import { classes } from './classes.ts';
import { Icon } from './icon.tsx';
import styles from './toast.module.css';

const manager = Toast.createToastManager();

/** Says in a word what has been done, or why it was not. What has to be acted on stands on the page instead. */
export const toast = {
  done: (title: string, description?: string): void =>
    void manager.add({ title, type: 'done', ...(description !== undefined && { description }) }),
  /** @param title what was wanted and did not happen */
  failed: (title: string, error: unknown): void =>
    void manager.add({
      title,
      type: 'failed',
      timeout: 12_000,
      priority: 'high',
      description: wordsOf(error),
    }),
};

export function wordsOf(error: unknown): string {
  if (error instanceof ApiProblem && error.reference !== '' && error.status >= 500)
    return `${error.message} (${texts.reference} ${error.reference})`;
  return error instanceof Error ? error.message : String(error);
}

export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} timeout={5_000} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className={styles['viewport']}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((one) => (
    <Toast.Root
      key={one.id}
      toast={one}
      swipeDirection={['right', 'down']}
      className={classes(styles['toast'], one.type === 'failed' && styles['failed'])}
    >
      <Toast.Content className={styles['content']}>
        <span className={styles['icon']}>
          <Icon name={one.type === 'failed' ? 'warning' : 'check'} />
        </span>
        <div className={styles['words']}>
          <Toast.Title className={styles['title']} />
          <Toast.Description className={styles['description']} />
        </div>
        <Toast.Close render={<IconButton icon="close" label={texts.close} small />} />
      </Toast.Content>
    </Toast.Root>
  ));
}
