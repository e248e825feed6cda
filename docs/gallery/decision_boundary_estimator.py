"""A random forest of scikit-learn on the petals of irises: any classifier of two columns can be drawn, here one whose
borders are steps."""

from sklearn.ensemble import RandomForestClassifier

from learnnn import datasets, inspection

X, y = datasets.iris(scale=False)
petals, names = X[:, 2:], ["setosa", "versicolor", "virginica"]
model = RandomForestClassifier(50, min_samples_leaf=3, random_state=0).fit(petals, y)
features = ("petal length (cm)", "petal width (cm)")
inspection.decision_boundary(model, petals, y, class_names=names, features=features, title="Three irises")
