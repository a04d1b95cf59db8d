/** Signs of 24 units, drawn by a line of one width. Whoever shows one alone says in words what it does. */
const PATHS = {
  account: 'M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5a7.5 7.5 0 0 1 15 0',
  back: 'M15 5.5 8.5 12l6.5 6.5',
  chart: 'M4 19.5h16M7 16v-4.5M12 16V6M17 16V9',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  clock: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2',
  close: 'm6.5 6.5 11 11m0-11-11 11',
  copy: 'M9 9.5h9.5v10H9zM15 9.5v-5H5.5v10H9',
  dark: 'M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7Z',
  database:
    'M12 9c4.1 0 7.5-1.2 7.5-2.75S16.1 3.5 12 3.5 4.5 4.7 4.5 6.25 7.9 9 12 9ZM4.5 6.25v11.5c0 1.5 3.4 2.75 7.5 2.75s7.5-1.2 7.5-2.75V6.25M4.5 12c0 1.5 3.4 2.75 7.5 2.75s7.5-1.25 7.5-2.75',
  down: 'm6.5 9.5 5.5 5.5 5.5-5.5',
  download: 'M12 4v11m-4.5-4.5L12 15l4.5-4.5M4.5 19.5h15',
  edit: 'm5 19 .8-3.6L16.2 5l2.8 2.8L8.6 18.2zM14 7.2l2.8 2.8',
  external: 'M9 5.5H5.5v13h13V15M13 4.5h6.5V11M19 5l-8 8',
  filter: 'M4 6.5h16M7 12h10m-6.5 5.5h3',
  folder: 'M3.5 18.5v-13h6l2 2.5h9v10.5z',
  help: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM9.7 9.6a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1.1.8-1.1 1.6M12 16.6v.1',
  home: 'M4.5 11 12 4.5l7.5 6.5v8.5h-5v-5.5h-5v5.5h-5z',
  info: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 11v5.5M12 7.5v.1',
  key: 'M8.5 19.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM11.7 11.8 19.5 4M16 7.5l2.7 2.7',
  light:
    'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 3v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4m0-12.8L17 7M7 17l-1.4 1.4',
  log: 'M4.5 5v5h5M4.9 10A7.7 7.7 0 1 1 4.3 13M12 8v4.3l3 1.7',
  menu: 'M4 7h16M4 12h16M4 17h16',
  migration:
    'M6.5 8.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5ZM6.5 20a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5ZM17.5 8.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5ZM6.5 8.5v7M17.5 8.5c0 5-5 5.5-9 6',
  more: 'M5.5 12h.1m6.4 0h.1m6.3 0h.1',
  operator: 'M4.5 5h15v5.5h-15zM4.5 13.5h15V19h-15zM8 7.75h.1M8 16.25h.1M12 7.75h4.5M12 16.25h4.5',
  pause: 'M8.5 5.5v13m7-13v13',
  play: 'M7.5 5v14l11.5-7z',
  plus: 'M12 5v14M5 12h14',
  refresh: 'M19.5 5v5h-5M19.1 10a7.7 7.7 0 1 0 .6 3',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.3 15.3l4.7 4.7',
  settings:
    'M4 8h8.5M18.5 8H20M4 16h1.5m6 0H20M15.5 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8.5 19a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  shield: 'M12 3.5 19 6v5.5c0 4.5-3 7.6-7 9-4-1.4-7-4.5-7-9V6zM9 12l2.2 2.2L15.2 10',
  'sign-out': 'M10 4.5H5v15h5M15 8l4 4-4 4M19 12H9.5',
  sql: 'm4.5 7 4.5 5-4.5 5M12 17.5h7.5',
  table: 'M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.3 10.5l.3 5.5m3.1-5.5-.3 5.5',
  undo: 'M4.5 9h10a5 5 0 0 1 0 10H9M8.5 5l-4 4 4 4',
  upload: 'M12 15V4M7.5 8.5 12 4l4.5 4.5M4.5 19.5h15',
  users:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5a6.5 6.5 0 0 1 13 0M15.5 4.9a3.5 3.5 0 0 1 0 6.2M17.5 13.6a6.5 6.5 0 0 1 4 5.9',
  warning: 'M12 4.5 3.5 19.5h17zM12 10.5V14M12 16.6v.1',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.6 : 1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
