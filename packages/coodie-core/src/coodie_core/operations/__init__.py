"""What every method of the two APIs does, as generators that yield requests and receive the answers."""
