"""A package, so that it comes before the one of this name that apache-iotdb installs."""
