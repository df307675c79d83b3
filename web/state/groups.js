// Mass failures of before the page was opened: the server tells them again on a watch that begins further
// back. Its filter matches nobody, so that nothing else comes.
import { get, url } from './api.js';
import * as hub from './hub.js';

const PATIENCE_MS = 5000;

// Newest first, those since included.
export async function pastGroups() {
  const { compacted_revision: compacted } = await get('transitions', { page_size: 1, filter: 'revision = 0' });
  await hub.ready;
  const upTo = hub.now.revision;
  const found = new Map();
  await new Promise((resolve) => {
    const source = new EventSource(url('watch', { filter: 'incarnation = 0', start_revision: Math.max(1, Number(compacted)),
      history_id: hub.now.historyId, bookmark_interval: '0.2s' }));
    const end = () => {
      clearTimeout(timer);
      source.close();
      resolve();
    };
    const timer = setTimeout(end, PATIENCE_MS);
    const seen = (event) => {
      if (event.lastEventId && Number(event.lastEventId.split(':')[1]) >= upTo) end();
    };
    source.addEventListener('group', (event) => {
      const group = JSON.parse(event.data);
      found.set(`${group.revision} ${group.scope}`, group);
      seen(event);
    });
    source.addEventListener('bookmark', seen);
    source.addEventListener('snapshot_done', end);
    source.onerror = end;
  });
  for (const group of hub.groups) found.set(`${group.revision} ${group.scope}`, group);
  return [...found.values()].sort((a, b) => Number(b.revision) - Number(a.revision));
}
