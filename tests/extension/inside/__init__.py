"""What runs inside a Blender in which the built extension is installed; a module for each subject.

``conftest.py`` calls a task by ``subject.task``. Nothing of the checkout is imported here but this folder.
"""
