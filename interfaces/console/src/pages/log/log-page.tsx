import { useProjectId } from '../../way/project-id.ts';
import { Log } from './log.tsx';

export default function LogPage() {
  return <Log project={useProjectId()} />;
}
