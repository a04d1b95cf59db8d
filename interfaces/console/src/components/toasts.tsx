import { Toast } from '@base-ui/react/toast';
import { useEffect } from 'react';
import { components as texts } from '../texts/en/components.ts';
import { IconButton } from './button.tsx';
import { classes } from './classes.ts';
import { Icon } from './icon.tsx';
import { takeSaid, useWaiting } from './toast.ts';
import styles from './toast.module.css';

const DONE_MS = 5_000;
const FAILED_MS = 12_000;

export default function Toasts() {
  return (
    <Toast.Provider timeout={DONE_MS} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className={styles['viewport']}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts, add } = Toast.useToastManager();
  const waiting = useWaiting();
  useEffect(() => {
    if (waiting.length === 0) return;
    for (const said of takeSaid())
      // none of a high priority: the library hides those from whoever does not see, and reads out a copy
      add(said.type === 'failed' ? { ...said, timeout: FAILED_MS } : { ...said });
  }, [waiting, add]);
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
        {/* ours are never stacked, so its button is always there for everybody */}
        <Toast.Close aria-hidden={false} render={<IconButton icon="close" label={texts.close} small />} />
      </Toast.Content>
    </Toast.Root>
  ));
}
