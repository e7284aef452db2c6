"""BM25: rare words count more, often said ones ever less so, in short texts more than in long ones."""

from __future__ import annotations

from flov7.kit.ranking import rarity, weight


class TestRanking:
    def test_a_word_of_few_texts_says_more(self) -> None:
        assert rarity(100, 1) > rarity(100, 50) > rarity(100, 100) > 0

    def test_saying_it_again_counts_less_each_time(self) -> None:
        first, second, third = (weight(n, length=1.0, b=0.6) for n in (1, 2, 3))
        assert second - first > third - second > 0

    def test_a_long_text_counts_less(self) -> None:
        assert weight(1, length=2.0, b=0.6) < weight(1, length=1.0, b=0.6) < weight(1, length=0.5, b=0.6)
