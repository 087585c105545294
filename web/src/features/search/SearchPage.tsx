// Search as one types, over everything that the reader may read; all of it is in the address.
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { searchQuery } from '../../api/search';
import { ErrorView } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { MoreButton } from '../../ui/MoreButton';
import { Page } from '../../ui/Page';
import { EmptyState, Skeleton } from '../../ui/States';
import { Results } from './Results';
import { SearchForm } from './SearchForm';
import styles from './SearchPage.module.css';

/** The server takes no longer text. */
const LONGEST = 200;

export default function SearchPage() {
  const words = useT();
  const t = words.search;
  const { q: said = '', env, namespace, in: where } = useSearch({ strict: false });
  const q = said.trim();
  const isTooLong = [...q].length > LONGEST;
  const query = useInfiniteQuery({
    ...searchQuery({ q, env, namespace, in: where }),
    enabled: q !== '' && !isTooLong,
  });
  const pages = query.data?.pages ?? [];
  const hits = pages.flatMap((page) => page.hits);
  const last = pages.at(-1);
  const isNarrow = Boolean(env || namespace || (where && where !== 'all'));
  return (
    <Page title={t.title} tab={q === '' ? [t.title] : [q, t.title]} lead={t.lead}>
      <SearchForm problem={isTooLong ? t.too_long : null} />
      <p role="status" className={styles.status}>
        {q !== '' &&
          (query.isFetching && !query.isFetchingNextPage
            ? t.searching
            : query.data && t.found(hits.length, Boolean(last?.next)))}
      </p>
      {q === '' && <EmptyState title={t.startTitle}>{t.startHint}</EmptyState>}
      {query.error && <ErrorView error={query.error} retry={() => void query.refetch()} />}
      {q !== '' && query.isLoading && <Skeleton label={words.common.loading} />}
      {hits.length > 0 && <Results hits={hits} />}
      {last && !last.complete && (
        <Banner
          tone="warn"
          actions={
            <Button small busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t.goOn}
            </Button>
          }
        >
          {t.incomplete}
        </Banner>
      )}
      {last?.complete && hits.length === 0 && (
        <EmptyState
          title={t.noneTitle(q)}
          actions={
            isNarrow && (
              <Link to="/search" search={{ q }}>
                {t.everywhere}
              </Link>
            )
          }
        >
          {t.noneHint}
        </EmptyState>
      )}
      {last?.complete && <MoreButton query={query} />}
    </Page>
  );
}
