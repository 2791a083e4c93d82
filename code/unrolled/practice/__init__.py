"""What an engineer meets besides the network: text cut into pieces, and pieces fed to a network."""
