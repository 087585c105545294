// Shows the next page of a long list, below what is shown.
import { useT } from '../i18n';
import { Button } from './Button';

interface Paged {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

export function MoreButton({ query }: { query: Paged }) {
  const t = useT();
  if (!query.hasNextPage) return null;
  return (
    <div>
      <Button busy={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
        {t.common.more}
      </Button>
    </div>
  );
}
