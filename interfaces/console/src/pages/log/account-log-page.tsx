import { Log } from './log.tsx';

export default function AccountLogPage() {
  return <Log project={undefined} />;
}
