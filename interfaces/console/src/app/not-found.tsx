import { Link } from 'wouter';
import { buttonClass } from '../components/button.tsx';
import { EmptyState } from '../components/states.tsx';
import { shell as texts } from '../texts/en/shell.ts';
import { useTitle } from '../components/page.tsx';

export function NotFound() {
  useTitle(texts.notFoundTitle);
  return (
    <EmptyState
      whole
      icon="help"
      title={texts.notFoundTitle}
      action={
        <Link href="/" className={buttonClass('primary')}>
          {texts.toProjects}
        </Link>
      }
    >
      {texts.notFound}
    </EmptyState>
  );
}
