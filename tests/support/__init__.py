"""What tests share: real processes, servers, brokers, databases and clients."""
