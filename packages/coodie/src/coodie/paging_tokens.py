"""Where the next page begins, as text that web clients may hold."""

from coodie_core.paging_tokens import PagingTokens as PagingTokens
