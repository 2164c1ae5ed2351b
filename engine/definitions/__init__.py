"""What a task and a pipeline are, and the declarations of the three pipelines. The whole engine imports it."""
